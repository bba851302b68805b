"""What scan.ts measures beside: faiss' 8-bit scalar quantiser, exact search on one thread, one query at a time.

    python faiss_peer.py VECTORS DIMENSIONS    VECTORS: float32 rows. A JSON object a line in, one a line out."""

import json
import sys
import time

import faiss
import numpy

faiss.omp_set_num_threads(1)
dimensions = int(sys.argv[2])
vectors = numpy.fromfile(sys.argv[1], dtype="float32").reshape(-1, dimensions)
index = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
index.train(vectors)
index.add(vectors)


def reply(milliseconds, cpu_milliseconds, ids):
    print(json.dumps({"milliseconds": milliseconds, "cpuMilliseconds": cpu_milliseconds, "ids": ids}), flush=True)


reply(0, 0, [])
for line in sys.stdin:
    request = json.loads(line)
    queries = numpy.array(request["queries"], dtype="float32").reshape(-1, 1, dimensions)
    started, cpu_started = time.perf_counter(), time.process_time()
    found = [index.search(query, request["topK"])[1][0].tolist() for query in queries]
    cpu = (time.process_time() - cpu_started) * 1000
    reply((time.perf_counter() - started) * 1000 / len(queries), cpu / len(queries), found)
