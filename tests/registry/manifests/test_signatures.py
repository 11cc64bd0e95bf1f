import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.errors import InvalidValueError
from registry.manifests.signatures import PAYLOAD_TYPE, key_id, sign, verify

REGISTRY, PUBLISHER, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
PAYLOAD = b'{"format":"sancai.manifest/1"}'


def test_a_signed_payload_is_given_back() -> None:
    assert verify(sign(PAYLOAD, [REGISTRY]), [REGISTRY.public_key()]) == PAYLOAD


def test_the_signature_is_over_the_encoding_of_dsse() -> None:
    envelope = json.loads(sign(PAYLOAD, [REGISTRY]))
    encoded = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(PAYLOAD), PAYLOAD)
    REGISTRY.public_key().verify(base64.b64decode(envelope["signatures"][0]["sig"]), encoded)


def test_each_signature_names_its_key_and_algorithm() -> None:
    signatures = json.loads(sign(PAYLOAD, [REGISTRY, PUBLISHER]))["signatures"]
    named = [(signature["keyid"], signature["alg"]) for signature in signatures]
    assert named == [(key_id(key.public_key()), "Ed25519") for key in (REGISTRY, PUBLISHER)]


def test_a_signature_of_a_stranger_beside_a_trusted_one_is_passed_over() -> None:
    assert verify(sign(PAYLOAD, [STRANGER, REGISTRY]), [REGISTRY.public_key()]) == PAYLOAD


def test_an_envelope_without_a_trusted_signature_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="signature_untrusted"):
        verify(sign(PAYLOAD, [STRANGER]), [REGISTRY.public_key()])


def test_nobody_trusted_means_refused() -> None:
    with pytest.raises(InvalidValueError, match="signature_untrusted"):
        verify(sign(PAYLOAD, [REGISTRY]), [])


def test_another_payload_under_the_signature_is_refused() -> None:
    envelope = json.loads(sign(PAYLOAD, [REGISTRY]))
    envelope["payload"] = base64.b64encode(PAYLOAD + b" ").decode()
    with pytest.raises(InvalidValueError, match="signature_invalid"):
        verify(json.dumps(envelope).encode(), [REGISTRY.public_key()])


def test_one_broken_signature_of_two_trusted_keys_is_refused() -> None:
    envelope = json.loads(sign(PAYLOAD, [REGISTRY, PUBLISHER]))
    envelope["signatures"][1]["sig"] = envelope["signatures"][0]["sig"]
    with pytest.raises(InvalidValueError, match="signature_invalid"):
        verify(json.dumps(envelope).encode(), [REGISTRY.public_key(), PUBLISHER.public_key()])


def test_another_algorithm_than_the_key_has_is_refused() -> None:
    envelope = json.loads(sign(PAYLOAD, [REGISTRY]))
    envelope["signatures"][0]["alg"] = "none"
    with pytest.raises(InvalidValueError, match="signature_invalid"):
        verify(json.dumps(envelope).encode(), [REGISTRY.public_key()])


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"7", b'{"payload":"?","payloadType":"x","signatures":[]}'])
def test_bytes_that_are_no_envelope_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidValueError, match="envelope_malformed"):
        verify(content, [REGISTRY.public_key()])


def test_an_envelope_of_another_kind_of_payload_is_refused() -> None:
    envelope = json.loads(sign(PAYLOAD, [REGISTRY])) | {"payloadType": "application/json"}
    with pytest.raises(InvalidValueError, match="envelope_malformed"):
        verify(json.dumps(envelope).encode(), [REGISTRY.public_key()])


def test_signing_without_a_key_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="signature_missing"):
        sign(PAYLOAD, [])
