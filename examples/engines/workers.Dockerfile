# The image of the workers on Flink and Dataflow:
#
#     python -m build --wheel
#     docker build --file examples/engines/workers.Dockerfile --tag registry.example.org/colophon:1 .
#
# Its Python and its Beam have to be those of whoever starts the run.
FROM apache/beam_python3.11_sdk:2.77.0
COPY dist/colophon_data-*.whl /tmp/
RUN pip install --no-cache-dir "$(ls /tmp/colophon_data-*.whl)[s3,gcp]" && rm /tmp/colophon_data-*.whl
# Kernels are compiled once, when the image is made.
RUN printf 'The river basin holds sediment.\n' > /tmp/one.txt \
    && colophon annotate /tmp/one.txt > /dev/null \
    && rm /tmp/one.txt
