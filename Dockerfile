# One image for web and workers. Compare compose.yaml.
#   docker build -t takeroom . && docker run --init -p 127.0.0.1:8000:8000 -v takeroom:/data takeroom

FROM python:3.13-slim AS build
RUN python -m venv /venv
COPY requirements.lock /build/
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
      -r /build/requirements.lock
WORKDIR /app
COPY . .
RUN /venv/bin/python -m compileall -q config speech \
 && SECRET_KEY=unused DATA_DIR=/tmp/data STATIC_ROOT=/app/static-collected \
      /venv/bin/python manage.py prepare --only-static

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin takeroom \
 && install -d -o takeroom -g takeroom -m 700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/static-collected
USER takeroom
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/healthz\", timeout=9)"]
CMD ["python", "manage.py", "studio"]
