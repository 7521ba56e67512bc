#!/usr/bin/env bash
# Builds the runtime client of AWS Lambda, so that the tests run the bundles under it. It needs cmake, make, g++, python3
# and xz-utils; everything else, the headers of Node included, comes with the packages. Where it cannot be built this says
# why and succeeds: the tests then run the same bundles under a few lines of JavaScript, and say so.
set -uo pipefail
cd "$(dirname "$0")/runtime-client"
node_folder="$(cd ../../.. && pwd)/node_modules/node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')"
client=node_modules/aws-lambda-ric
log="${TMPDIR:-/tmp}/weighbridge-runtime-client.log"

if [ -f "$client/rapid-client.node" ]; then
  echo "Lambda's runtime client: built earlier"
  exit 0
fi
for tool in cmake make g++ python3 xz; do
  if ! command -v "$tool" > /dev/null; then
    echo "Lambda's runtime client: not built, because $tool is missing (apt-get install cmake make g++ python3 xz-utils)"
    exit 0
  fi
done
if [ ! -d "$node_folder/include/node" ]; then
  echo "Lambda's runtime client: not built, because the headers of Node are missing in $node_folder (npm ci brings them)"
  exit 0
fi

build() {
  npm ci --no-audit --no-fund &&
    PATH="$node_folder/bin:$PATH" npm_config_nodedir="$node_folder" npm rebuild --ignore-scripts=false aws-lambda-ric
}
if build > "$log" 2>&1 && [ -f "$client/rapid-client.node" ]; then
  echo "Lambda's runtime client: built"
else
  echo "Lambda's runtime client: not built. The end of $log:"
  tail -n 15 "$log"
fi
