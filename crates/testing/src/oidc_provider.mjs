// The npm package oidc-provider as an identity provider for tests.
// Arguments: the folder with node_modules, the redirect URI, the address after sign-out, the algorithm of ID tokens, the
// algorithm of userinfo or "none".
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, redirectUri, postLogoutRedirectUri, algorithm, userinfo] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(folder, 'node_modules', path)));
const { default: Provider } = await load('oidc-provider/lib/index.js');
const jose = await load('jose/dist/webapi/index.js');

const keys = [];
for (const alg of ['RS256', 'ES256', 'PS256', 'EdDSA']) {
  const { privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  keys.push({ ...(await jose.exportJWK(privateKey)), alg, use: 'sig' });
}

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'trousseau',
      client_secret: 'a secret: 100%',
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [postLogoutRedirectUri],
      id_token_signed_response_alg: algorithm,
      ...(userinfo === 'none' ? {} : { userinfo_signed_response_alg: userinfo }),
    },
  ],
  jwks: { keys },
  scopes: ['openid', 'profile', 'email'],
  claims: { openid: ['sub'], profile: ['name', 'groups'] },
  // Without userinfo, everything stands in the ID token.
  conformIdTokenClaims: userinfo !== 'none',
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true }, jwtUserinfo: { enabled: true } },
  cookies: { keys: ['only', 'tests'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: `${id} Martin`, groups: ['rh', 'it'] }),
  }),
});
server.on('request', provider.callback());
console.log(issuer);
