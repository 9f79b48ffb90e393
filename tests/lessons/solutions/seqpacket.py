# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"""Answers to lesson 7."""

import vsk

EOM, EOR = vsk.Seq.EOM, vsk.Seq.EOR

RIGHT = {
    1: [([70, 50],), ((70, 50),)],
    2: [([0, 0, 3],), ([0, 0, EOM | EOR],)],
    3: [([(b"he", 0), (b"l", 0), (b"lo", EOM)],), ([(b"h", 0), (b"ell", 0), (b"o", 3)],)],
}

WRONG = {
    1: [
        (([40, 30, 50, 60],), "a message for each packet"),
        (([70, 50, 60],), "half of it is no message yet"),
        (([120],), "120 bytes make a record; EOR says so"),
        (([120, 60],), "the last 60 end nothing yet"),
        (([70, 110],), "has EOM as well as EOR"),
        (([180],), "That is a stream"),
        (([71, 49],), "Add up packets until one has EOM"),
        (("70, 50",), "a list of lengths"),
    ],
    2: [
        (([3, 3, 3],), "three messages, and three records"),
        (([0, 0, 2],), "EOR does not end the message"),
        (([2, 2, 3],), "a record ends once"),
        (([0, 0, 1],), "as it was sent before"),
        (([1, 1, 3],), "the first two end messages of their own"),
        (([1, 1, 1],), "eor=True has to be seen somewhere"),
        (([0, 0, 4],), "EOM is 1, EOR is 2"),
        (([0, 3],), "a list of three numbers"),
    ],
    3: [
        (([(b"he", 0), (b"l", 0), (b"lo", 0)],), "no packet has EOM"),
        (([(b"he", 0), (b"l", 0), (b"lo", EOR)],), "no packet has EOM"),
        (([(b"he", 1), (b"l", 1), (b"lo", 1)],), "had 3 messages"),
        (([(b"he", 0), (b"l", 1), (b"lo", 0)],), "EOM stands before the last packet"),
        (([(b"he", 0), (b"l", 0), (b"o", 1)],), "it is b'helo', not b'hello'"),
        (([(b"hello", 1)],), "a list of three pairs"),
        (([b"he", b"l", b"lo"],), "a list of three pairs"),
        (([("he", 0), ("l", 0), ("lo", 1)],), "Payload is bytes"),
    ],
}
