"""The judge of state machines, the exceptions, and the relay that records requests."""

import http.server
import json
import unittest
import urllib.request

from loopback import serving

from judges import machines
from judges.exceptions import Exemption, load, remaining
from judges.relay import recording

MACHINE = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 5, "Next": "Done"}, "Done": {"Type": "Succeed"}},
}


def found(**changes) -> str:
    return "\n".join(machines.judge("machine", json.dumps({**MACHINE, **changes})))


class Machines(unittest.TestCase):
    def test_a_sound_one_is_accepted(self):
        self.assertEqual(found(), "")
        self.assertEqual(found(TimeoutSeconds="${timeout}"), "")

    def test_planted_faults(self):
        self.assertIn("StartAt value Wat", found(StartAt="Wat"))
        self.assertIn("Typ", found(States={"Wait": {"Typ": "Succeed"}}))
        self.assertIn("Sleep", found(States={"Wait": {"Type": "Sleep", "End": True}}))
        self.assertIn("TimeoutSeconds", found(TimeoutSeconds="5"))
        self.assertIn("Expecting", "\n".join(machines.judge("machine", "{")))


class Exceptions(unittest.TestCase):
    def test_each_has_a_reason_and_a_source(self):
        for one in load():
            self.assertTrue(one.why and one.source.startswith("https://"), one)

    def test_one_that_nothing_needs_is_told(self):
        wrong = Exemption("of the model", "the model is old", "https://example.com")
        self.assertEqual(remaining(["a fault of the model", "another"], [wrong]), ["another"])
        self.assertIn("nothing is found", remaining(["another"], [wrong])[1])


class Relay(unittest.TestCase):
    def test_requests_are_kept_as_they_were_sent_and_answers_come_back(self):
        class Echo(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(202)
                self.send_header("x-path", self.path)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        kept = []
        with serving(Echo) as echo, recording(echo, kept) as relay:
            # Without a length it is sent in chunks.
            chunks = (part for part in [b"one ", b"two"])
            request = urllib.request.Request(  # noqa: S310 (the server above)
                f"{relay}/a%2Fb?c=d%20e", chunks, {"X-Own": "1"}, method="PUT"
            )
            with urllib.request.urlopen(request) as answer:  # noqa: S310 (the server above)
                self.assertEqual((answer.status, answer.read()), (202, b"one two"))
                self.assertEqual(answer.headers["x-path"], "/a%2Fb?c=d%20e")
        [one] = kept
        self.assertEqual((one.method, one.path, one.body), ("PUT", "/a%2Fb?c=d%20e", b"one two"))
        self.assertEqual(one.headers["x-own"], "1")


if __name__ == "__main__":
    unittest.main()
