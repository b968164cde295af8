# safetybot: the bot, the desk and every command, in one image.
#
#   docker build --tag safetybot .
#
# It needs the base image and PyPI, and nothing else from outside. compose.yaml runs it with all it needs.
#
# A newer base image (do it when Python or Debian mend something): --build-arg BASE=python:3.11.X-slim-bookworm@sha256:…
ARG BASE=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source

# What builds, and what is built: the second has neither pip nor setuptools.
COPY constraints.txt ./
RUN python -m venv /builder \
    && /builder/bin/pip install --only-binary :all: --constraint constraints.txt setuptools \
    && python -m venv --without-pip /opt/safetybot

# The libraries first: as long as they stay the same, so does this layer. Wheels alone, so nothing is compiled.
COPY pyproject.toml ./
RUN python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
        > requirements.txt \
    && /builder/bin/pip --python /opt/safetybot/bin/python install \
        --only-binary :all: --constraint constraints.txt --requirement requirements.txt

COPY README.md LICENSE ./
COPY safetybot safetybot
RUN /builder/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && /builder/bin/pip --python /opt/safetybot/bin/python install --no-deps /wheel/*.whl

# The content is checked, so no image has content that could not go live; and the bot learns from its examples here, so
# that a new volume, into which Docker copies this folder, need not wait for that.
COPY content /content
RUN SAFETYBOT_DATA=/data SAFETYBOT_CONTENT=/content /opt/safetybot/bin/safetybot check

FROM ${BASE}
LABEL org.opencontainers.image.title="safetybot" \
      org.opencontainers.image.description="Online-safety advice and anonymous reports for young people" \
      org.opencontainers.image.licenses="Apache-2.0"

# Nothing can be installed in it, nobody can become another user, and the program's own user has no home and no shell.
RUN python -m pip uninstall --yes --quiet --root-user-action ignore pip \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && groupadd --gid 10001 safetybot \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin safetybot \
    && install --directory --mode 700 --owner 10001 --group 10001 /data

COPY --from=build /opt/safetybot /opt/safetybot
COPY content /content
COPY --from=build --chown=10001:10001 /data /data

# Every address is that of the container: what is published of it, compose.yaml or you decide. The desk refuses to be
# reached from outside its container unless SAFETYBOT_DESK_URL names an https address.
ENV PATH=/opt/safetybot/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SAFETYBOT_DATA=/data \
    SAFETYBOT_CONTENT=/content \
    SAFETYBOT_WEB_HOST=0.0.0.0 \
    SAFETYBOT_METRICS_PORT=9090 \
    SAFETYBOT_DESK_METRICS_PORT=9091

# Only /data and /tmp are ever written to.
VOLUME /data
WORKDIR /opt/safetybot
USER 10001:10001
EXPOSE 8080 8081 9090 9091
STOPSIGNAL SIGTERM

# The first start with changed examples learns for up to a minute. The desk's check is in compose.yaml.
HEALTHCHECK --interval=15s --timeout=5s --start-period=180s --retries=3 \
    CMD ["python", "-I", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9090/healthz', timeout=4)"]

ENTRYPOINT ["safetybot"]
CMD ["run"]
