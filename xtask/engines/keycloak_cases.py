"""People sign in to Trousseau at a real Keycloak: its login form, its groups, its refusals."""

import json
import os
import time
import urllib.parse

from cases import BASE, UPSTREAM, run
from talk import PATIENCE, Browser, form_of, send

CALLBACK = f"{BASE}/api/auth/oidc/callback"
# For this long keys of a provider are not asked for again, in seconds.
KEYS_ARE_KEPT = 30


def passwords(name):
    return f"{name}-password-1"


def go(browser, url, form=None):
    """From page to page as long as it is led on; stops before the answer is brought back."""
    for _ in range(20):
        status, location, page = browser.fetch(url, form)
        form = None
        if location is None:
            return status, url, page
        url = location
        if url.startswith(CALLBACK):
            return status, url, page
    raise AssertionError(f"no end: {url}")


def answer_of(browser, name, password):
    """Signs in at Keycloak; the address of the answer, or the page that refuses."""
    status, url, page = go(browser, f"{BASE}/api/auth/oidc/login?return_to=/chat")
    assert status == 200 and "kc-form-login" in page, (status, url, page[:1000])
    return go(browser, form_of(page, url), {"username": name, "password": password, "credentialId": ""})


def sign_in(name):
    browser = Browser()
    _, answer, _ = answer_of(browser, name, passwords(name))
    assert answer.startswith(CALLBACK), answer
    status, _, page = browser.fetch(answer)
    return browser, answer, status, page


def session(browser):
    status, _, body = browser.fetch(f"{BASE}/api/auth/session")
    return status, json.loads(body)


def an_administrator_comes_in_by_a_group():
    browser, _, status, page = sign_in("alice")
    assert status == 200 and "url=/chat" in page, (status, page)
    status, told = session(browser)
    assert status == 200, told
    assert (told["display"], told["role"], told["clearance"]) == ("Alice Martin", "administrator", "personal"), told
    assert sorted(told["groups"]) == ["agents", "it"], told
    status, _, users = browser.fetch(f"{BASE}/api/users")
    assert status == 200 and "Alice Martin" in users, (status, users)


def a_user_comes_in_and_may_do_what_users_do():
    browser, _, status, page = sign_in("bob")
    assert status == 200, page
    _, told = session(browser)
    assert (told["display"], told["role"], told["clearance"]) == ("Bob Durand", "user", "personal"), told
    assert told["groups"] == ["agents"], told
    assert browser.fetch(f"{BASE}/v1/models")[0] == 200
    assert browser.fetch(f"{BASE}/api/users")[0] == 403


def whoever_signs_in_twice_is_the_same():
    first, again = (session(sign_in("bob")[0])[1]["user"] for _ in range(2))
    assert first == again
    assert session(sign_in("alice")[0])[1]["user"] != first


def a_wrong_password_opens_nothing():
    browser = Browser()
    status, url, page = answer_of(browser, "alice", "not-the-password")
    assert status == 200 and url.startswith(UPSTREAM) and "kc-form-login" in page, (status, url)
    assert session(browser)[0] == 401
    # The same browser may still sign in.
    _, answer, _ = go(browser, form_of(page, url), {"username": "alice", "password": passwords("alice")})
    assert browser.fetch(answer)[0] == 200 and session(browser)[0] == 200


def whoever_is_not_in_the_group_stays_outside():
    browser, _, status, page = sign_in("eve")
    assert status == 403, (status, page)
    assert session(browser)[0] == 401


def an_answer_counts_once():
    browser, answer, status, _ = sign_in("bob")
    assert status == 200
    status, _, page = browser.fetch(answer)
    assert status == 401, (status, page)


def an_answer_counts_in_the_browser_that_asked():
    asked, other = Browser(), Browser()
    _, answer, _ = answer_of(asked, "bob", passwords("bob"))
    assert other.fetch(answer)[0] == 401
    go(other, f"{BASE}/api/auth/oidc/login")
    assert other.fetch(answer)[0] == 401 and session(other)[0] == 401
    assert asked.fetch(answer)[0] == 200


def a_code_that_was_used_is_refused_by_keycloak():
    _, old, status, _ = sign_in("bob")
    assert status == 200
    browser = Browser()
    _, fresh, _ = answer_of(browser, "alice", passwords("alice"))
    used = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(old).query))["code"]
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(fresh).query))
    status, _, page = browser.fetch(f"{CALLBACK}?{urllib.parse.urlencode({**query, 'code': used})}")
    assert status in (401, 403), (status, page)
    assert session(browser)[0] == 401


def an_answer_that_names_another_issuer_is_refused():
    browser = Browser()
    _, answer, _ = answer_of(browser, "alice", passwords("alice"))
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer).query))
    assert query["iss"] == f"{UPSTREAM}/realms/town", query
    query["iss"] = f"{UPSTREAM}/realms/master"
    status, _, page = browser.fetch(f"{CALLBACK}?{urllib.parse.urlencode(query)}")
    assert status in (401, 403), (status, page)
    assert session(browser)[0] == 401


def a_changing_request_brings_the_sessions_token():
    browser, _, _, _ = sign_in("bob")
    _, told = session(browser)
    leave = f"{BASE}/api/auth/logout"
    assert browser.fetch(leave, {})[0] == 403
    assert session(browser)[0] == 200
    cookie = dict(browser.jars[urllib.parse.urlsplit(BASE).netloc])
    status, _, page = browser.fetch(leave, {}, {"x-csrf-token": told["csrf"], "origin": BASE})
    assert status == 200, (status, page)
    # The session is over on the server too, not only in this browser.
    browser.jars[urllib.parse.urlsplit(BASE).netloc] = cookie
    assert session(browser)[0] == 401
    return browser, json.loads(page)["location"]


def signing_out_ends_the_session_at_keycloak_too():
    browser, location = a_changing_request_brings_the_sessions_token()
    assert location.startswith(f"{UPSTREAM}/realms/town/protocol/openid-connect/logout?"), location
    # As long as Keycloak has its own session, whoever signs in again is asked nothing.
    assert go(browser, f"{BASE}/api/auth/oidc/login")[1].startswith(CALLBACK)
    status, _, page = go(browser, location)
    assert status == 200, (status, page[:1000])
    status, _, page = go(browser, f"{BASE}/api/auth/oidc/login")
    assert status == 200 and "kc-form-login" in page, (status, page[:1000])


def administer(token, path, body=None, method=None):
    headers = {"authorization": f"Bearer {token}"}
    return send(f"{UPSTREAM}/admin/realms/town/{path}", body, headers, method)


def administrators_token():
    browser = Browser()
    form = {"grant_type": "password", "client_id": "admin-cli"}
    form |= {"username": os.environ["KEYCLOAK_USER"], "password": os.environ["KEYCLOAK_PASSWORD"]}
    status, _, body = browser.fetch(f"{UPSTREAM}/realms/master/protocol/openid-connect/token", form)
    assert status == 200, body
    return json.loads(body)["access_token"]


def a_new_key_of_keycloak_is_taken_up():
    for algorithm, kind in [("RS256", "rsa-generated"), ("PS256", "rsa-generated"), ("ES256", "ecdsa-generated")]:
        token = administrators_token()
        config = {"priority": [str(time.time_ns() // 1_000_000_000)], "enabled": ["true"], "active": ["true"]}
        config |= {"algorithm": [algorithm]} if kind == "rsa-generated" else {"ecdsaEllipticCurveKey": ["P-256"]}
        key = {"name": f"new-{algorithm}", "providerId": kind, "providerType": "org.keycloak.keys.KeyProvider", "config": config}
        status, told = administer(token, "components", key)
        assert status == 201, (status, told)
        status, (client,) = administer(token, "clients?clientId=trousseau")
        assert status == 200, client
        client["attributes"]["id.token.signed.response.alg"] = algorithm
        status, told = administer(token, f"clients/{client['id']}", client, "PUT")
        assert status == 204, (status, told)
        until = time.monotonic() + KEYS_ARE_KEPT + PATIENCE
        while True:
            browser, _, status, page = sign_in("bob")
            if status == 200:
                break
            assert time.monotonic() < until, (algorithm, status, page)
            time.sleep(2)
        assert session(browser)[0] == 200


run([
    an_administrator_comes_in_by_a_group,
    a_user_comes_in_and_may_do_what_users_do,
    whoever_signs_in_twice_is_the_same,
    a_wrong_password_opens_nothing,
    whoever_is_not_in_the_group_stays_outside,
    an_answer_counts_once,
    an_answer_counts_in_the_browser_that_asked,
    a_code_that_was_used_is_refused_by_keycloak,
    an_answer_that_names_another_issuer_is_refused,
    a_changing_request_brings_the_sessions_token,
    signing_out_ends_the_session_at_keycloak_too,
    a_new_key_of_keycloak_is_taken_up,
])
