"""Uses an index over the client opensearch-py: opensearch.py URL USER PASSWORD. Ends with an error when an answer is wrong."""
import sys

from opensearchpy import ConflictError, NotFoundError, OpenSearch, RequestError, helpers

url, user, password = sys.argv[1:]
client = OpenSearch(url, http_auth=(user, password))


def same(found, wanted):
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"


same(client.info()["version"]["distribution"], "opensearch")
assert client.ping()
client.indices.put_index_template(
    name="logs", body={"index_patterns": ["logs-*"], "template": {"mappings": {"properties": {"status": {"type": "integer"}, "verb": {"type": "keyword"}}}, "aliases": {"logs": {}}}})
actions = [{"_index": "logs-1", "_id": str(i), "_source": {"status": 200 + i % 3, "verb": "GET", "n": i, "time": f"2026-11-22T10:{i % 60:02d}:00Z"}} for i in range(250)]
same(helpers.bulk(client, actions, chunk_size=100), (250, []))
done, errors = helpers.bulk(client, [{"_index": "logs-1", "_id": "x", "status": "no number"}], raise_on_error=False)
same((done, errors[0]["index"]["error"]["type"]), (0, "mapper_parsing_exception"))
same(client.indices.get_mapping(index="logs-1")["logs-1"]["mappings"]["properties"]["verb"], {"type": "keyword"})
same(client.count(index="logs")["count"], 250)
answer = client.search(index="logs", body={"size": 3, "sort": [{"n": "desc"}], "query": {"term": {"status": 201}},
                                           "aggs": {"s": {"terms": {"field": "status"}, "aggs": {"n": {"sum": {"field": "n"}}}}}})
same([hit["_source"]["n"] for hit in answer["hits"]["hits"]], [247, 244, 241])
same(answer["aggregations"]["s"]["buckets"], [{"key": 201, "doc_count": 83, "n": {"value": float(sum(range(1, 250, 3)))}}])
after = client.search(index="logs", body={"size": 1, "sort": [{"n": "desc"}], "search_after": [241]})
same(after["hits"]["hits"][0]["_source"]["n"], 240)
same(client.get(index="logs-1", id="7")["_source"]["n"], 7)
same([d["found"] for d in client.mget(index="logs-1", body={"ids": ["1", "none"]})["docs"]], [True, False])
try:
    client.create(index="logs-1", id="7", body={"n": 0})
    raise SystemExit("a document was made twice")
except ConflictError:
    pass
try:
    client.get(index="logs-1", id="none")
    raise SystemExit("a document was found that is not there")
except NotFoundError:
    pass
try:
    client.search(index="logs", body={"query": {"geo_shape": {}}})
    raise SystemExit("an unknown query was answered")
except RequestError:
    pass
same(client.update(index="logs-1", id="7", body={"doc": {"n": 1000}})["result"], "updated")
same(client.delete_by_query(index="logs-1", body={"query": {"range": {"n": {"lt": 10}}}})["deleted"], 9)
same(client.msearch(body=[{"index": "logs"}, {"size": 0, "track_total_hits": True}])["responses"][0]["hits"]["total"]["value"], 241)
same(client.field_caps(index="logs", fields="n")["fields"]["n"]["long"]["aggregatable"], True)
same(client.indices.get_alias(name="logs"), {"logs-1": {"aliases": {"logs": {}}}})
same(len(client.cat.indices(format="json")), 1)
client.indices.delete(index="logs-1")
same(client.indices.exists(index="logs-1"), False)
