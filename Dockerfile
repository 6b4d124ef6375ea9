# The runtime without a model, for people who build their modules with Docker (see module-template).
# `edgewright build` does not use it: it assembles the same files without Docker.
#
#     docker build -t edgewright-runtime:0.1.0 .

ARG NODE_VERSION=24
ARG DEBIAN_RELEASE=bookworm

FROM node:${NODE_VERSION}-${DEBIAN_RELEASE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
COPY module-template ./module-template
RUN npm ci --ignore-scripts && npm run -s build
RUN node dist/scripts/runtime-tree.js /runtime

FROM node:${NODE_VERSION}-${DEBIAN_RELEASE}-slim
COPY --from=build /runtime/ /
ENV EDGEWRIGHT_ENDPOINT=/var/azureml-app/endpoint.json \
    EDGEWRIGHT_HOST=0.0.0.0 \
    EDGEWRIGHT_PORT=5001 \
    EDGEWRIGHT_METRICS_PORT=9600 \
    NODE_ENV=production \
    ORT_DISABLE_TELEMETRY=1
WORKDIR /opt/edgewright
USER 10001:10001
EXPOSE 5001 9600
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=4", "--single-threaded-gc", "/opt/edgewright/src/runtime/main.js"]
