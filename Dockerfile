# syntax=docker/dockerfile:1
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY server server
COPY web web
RUN npm run build && npm ci --omit=dev

# For `docker compose --profile test`: the sources, their tests and what the tests need beside Redis.
FROM build AS test
COPY . .
RUN npm ci
CMD ["npm", "run", "test:compose"]

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:3000/readyz').then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
# Not through npm: signals reach the process, and SIGTERM ends it gracefully. Otherwise as `npm start` has it.
CMD ["node", "dist/server/main.js"]
