// What every file of tests stands on: a model's server, a house and a browser, started before its tests and ended after them.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { startHouse } from "./house.mjs";
import { startModel } from "./model.mjs";
import { open, signIn, startBrowser } from "./reader.mjs";

export let model;
export let house;
export let browser;

before(async () => {
  model = await startModel();
  house = await startHouse(model.url);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  model?.stop();
});

/** Somebody at the page; what the page must never do is looked at in the end. */
export async function somebody(name, options, doing) {
  const { page, context, faults } = await open(browser, house.url, options);
  try {
    await signIn(page, name);
    await doing(page, context);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
  }
}
