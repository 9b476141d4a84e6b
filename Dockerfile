# Exact versions, as in docker-compose.yml.
FROM node:24.20.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY server server
COPY web web
RUN npm run build && npm ci --omit=dev

# For `docker compose --profile test`: the sources, their tests and what the tests need beside Redis.
FROM build AS test
RUN npm ci
COPY . .
# npm and Jest keep what they keep here: the rest may be read-only.
ENV HOME=/tmp
USER 1000:1000
CMD ["npm", "run", "test:compose"]

FROM node:24.20.0-slim
LABEL org.opencontainers.image.title="ScanIn" \
  org.opencontainers.image.description="Sign in to a web page by scanning a QR code with a phone that is already signed in, over plain HTTP polling" \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.base.name="docker.io/library/node:24.20.0-slim"
WORKDIR /app
ENV NODE_ENV=production
# Volumes that are mounted here are the user's who runs it: for STORE_PATH, and for what docker-compose.yml makes.
RUN install -d -o node -g node -m 700 /data && install -d -o node -g node -m 711 /run/secrets
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN chmod 755 dist/server/cli.js && ln -s /app/dist/server/cli.js /usr/local/bin/scanin
# The image's user `node`, by number: Kubernetes' `runAsNonRoot` believes no name.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s \
  CMD ["node", "--eval", "require('http').get({ host: '127.0.0.1', port: process.env.PORT || 3000, path: '/readyz' }, (reply) => process.exit(reply.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
# Not through npm: signals reach the process, and SIGTERM ends it gracefully. Otherwise as `npm start` has it.
CMD ["node", "dist/server/main.js"]
