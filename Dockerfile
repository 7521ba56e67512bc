# Weighbridge on one machine. See docs/self-host.md.
# For your own use only: it contains Garmin's FIT SDK (@garmin/fitsdk), whose licence doesn't allow you to pass the image on.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages bring Node 24 to machines that have an older one. The image doesn't need them.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && mkdir /data

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="Weighbridge" \
      org.opencontainers.image.description="Copies what a Withings scale or cuff measures into Garmin Connect, and says so in Telegram when it cannot." \
      org.opencontainers.image.licenses="MIT AND LicenseRef-Garmin-FIT-SDK"
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY LICENSE ./
COPY bin ./bin
COPY src ./src
COPY --from=dependencies --chown=node:node /data /data
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
