# One image for every role of the product; compose.yaml shows the commands.
FROM node:22-bookworm-slim AS frontend
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY vite.config.ts tsconfig.json ./
COPY frontend/assets frontend/assets
RUN npm run build

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    XMAGNET_PROFILE=production XMAGNET_VAR_DIR=/srv/var DJANGO_SETTINGS_MODULE=xmagnet.settings.profile
WORKDIR /srv/app
RUN pip install --upgrade 'pip>=25.1'
COPY pyproject.toml constraints.txt ./
RUN pip install --group app --constraint constraints.txt
COPY . .
COPY --from=frontend /build/frontend/static/build frontend/static/build
# Collected at build time: the values are only there to be present, nothing is connected to.
RUN env SECRET_KEY=build FIELD_ENCRYPTION_KEYS=POd0ZbASrUbvur3Su87CdB2Gehr8o4_bzW4BAOFD5Ng= \
        DATABASE_URL=postgresql://build@localhost/build \
        sh -c 'python manage.py messages --compile && python manage.py collectstatic --no-input' \
    && useradd --system --home-dir /srv xmagnet && chown -R xmagnet /srv/var
USER xmagnet
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "xmagnet.wsgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "8", "--backpressure", "64", "--respawn-failed-workers", "--no-ws", \
     "--workers-max-rss", "400", "--static-path-route", "/static", "--static-path-mount", "/srv/var/static"]
