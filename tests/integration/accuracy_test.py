"""The digits model through the whole gateway: its known answers, its accuracy, its protocol."""
import json
import unittest

from harness import INFER, Gateway, Model, ProcessTest, Runtime, digits_answers, digits_requests, eventually

LEAST_ACCURACY = 0.96


class Accuracy(ProcessTest):
    def setUp(self):
        self.model = self.start(Model())
        self.runtime = self.start(Runtime.of_model("--concurrency", "2", "--max-instances", "2"))
        self.gateway = self.start(Gateway(
            "--always-on", self.model.url, "--serverless", self.runtime.url, "--slo", "10s",
            "--always-on-concurrency", "1", "--serverless-concurrency", "2",
            "--max-instances", "2", "--model", "digits"))

    def infer(self, request):
        body = json.dumps(request["body"])
        return self.gateway.begin(INFER, "POST", body, {"Content-Type": "application/json"})

    def test_known_answers_and_accuracy_by_both_pools(self):
        requests = digits_requests()
        images = sum(len(request["labels"]) for request in requests)
        answered_by = {"always-on": set(), "serverless": set()}

        def all_at_once():
            """Eleven at a time are more than one slot can take: serverless wakes, and helps."""
            true = 0
            answers = [self.infer(request).result for request in requests]
            for index, (request, answer) in enumerate(zip(requests, answers)):
                response = answer()
                self.assertEqual(response.status, 200, response.body)
                digits = digits_answers(response.body)
                self.assertEqual(digits, request["answers"])
                true += sum(a == b for a, b in zip(digits, request["labels"]))
                answered_by[response.getheader("warmgate-pool")].add(index)
            self.assertGreaterEqual(true / images, LEAST_ACCURACY)
            return all(len(seen) >= 5 for seen in answered_by.values())

        eventually(all_at_once, f"answers by both pools: {answered_by}")
        print(f"{images} images; of 11 requests always-on answered "
              f"{len(answered_by['always-on'])}, serverless {len(answered_by['serverless'])}")

    def test_protocol_passes_unchanged(self):
        for path in ("/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/digits",
                     "/v2/models/digits/ready", "/v2/models/nothing", "/nowhere"):
            direct, through = self.model.get(path), self.gateway.get(path)
            self.assertEqual((through.status, through.body), (direct.status, direct.body), path)
            self.assertEqual(through.getheader("Content-Type"), direct.getheader("Content-Type"))
            self.assertIn(";age=", through.getheader("warmgate-instance"))
        self.assertEqual(json.loads(self.gateway.get("/v2/models/digits").body)["name"], "digits")
        for body in ("{", "[]", '{"inputs":[{"name":"pixels","shape":[1,2],"datatype":"FP32",'
                                '"data":[1,2]}]}'):
            response = self.gateway.request("POST", INFER, body)
            self.assertEqual(response.status, 400)
            self.assertIn("error", json.loads(response.body))
        self.assertEqual(self.runtime.arrivals(), 0, "nothing of this concerns serverless")

    def test_both_pools_serve_the_same_model(self):
        request = digits_requests()[0]

        def compared():
            for answer in [self.infer(request) for _ in range(8)]:
                self.assertEqual(answer.result().status, 200)
            return self.gateway.service()["model"]["check"] != "pending"

        eventually(compared, "both pools have said what they serve")
        model = self.gateway.service()["model"]
        self.assertEqual((model["check"], model["differences"]), ("same", []))


if __name__ == "__main__":
    unittest.main(verbosity=2)
