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
print(json.dumps({"milliseconds": 0, "ids": []}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    queries = numpy.array(request["queries"], dtype="float32").reshape(-1, 1, dimensions)
    started = time.perf_counter()
    found = [index.search(query, request["topK"])[1][0] for query in queries]
    elapsed = (time.perf_counter() - started) * 1000
    print(json.dumps({"milliseconds": elapsed / len(queries), "ids": [ids.tolist() for ids in found]}), flush=True)
