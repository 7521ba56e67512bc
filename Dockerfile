# Weighbridge on one machine. See docs/self-host.md.
# For your own use only: it contains Garmin's FIT SDK (@garmin/fitsdk), whose licence doesn't allow you to pass the image on.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
RUN mkdir /data && chown node:node /app /data
# The user who will run it: Node finds what it has compiled only for the same user.
USER node
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY bin ./bin
COPY build ./build
COPY src ./src
RUN node build/cli.ts

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="Weighbridge" \
      org.opencontainers.image.description="Copies what a Withings scale or cuff measures into Garmin Connect, and says so in Telegram when it cannot." \
      org.opencontainers.image.licenses="MIT AND LicenseRef-Garmin-FIT-SDK"
WORKDIR /app
COPY package.json ./
COPY LICENSE ./
COPY bin ./bin
COPY src/sandbox/page ./src/sandbox/page
# It holds all packages that the program uses.
COPY --from=build /app/.build/cli ./.build/cli
COPY --from=build --chown=node:node /data /data
# It always listens, for the health check. Nothing outside reaches it unless you publish the port.
ENV NODE_ENV=production DATA_DIR=/data HTTP_HOST=0.0.0.0 PORT=8080
USER node
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s --retries=3 CMD ["/app/bin/health.js"]
# No shell in between: SIGTERM reaches the program, which finishes its work.
ENTRYPOINT ["/app/bin/weighbridge.js"]
CMD ["start"]
