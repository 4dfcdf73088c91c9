// browser.js PAGE SCREENSHOTS: opens a report in a headless chromium, at desktop and phone width, in
// light and dark; clicks on what can be clicked; and fails where anything is said on the console,
// anything of the server is run, or a filter does not filter.
"use strict";
const fs = require("fs");
const path = require("path");
const assert = require("assert");
const puppeteer = require("puppeteer-core");

const page = "file://" + path.resolve(process.argv[2]);
const shots = process.argv[3];
const chromium = process.env.CHROMIUM || "/usr/bin/chromium";

const open = async (browser, width, height, scheme) => {
  const tab = await browser.newPage();
  tab.said = [];
  tab.on("console", (message) => tab.said.push(`console: ${message.text()}`));
  tab.on("pageerror", (error) => tab.said.push(`error: ${error}`));
  tab.on("dialog", (dialog) => { tab.said.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  tab.on("request", (request) => {
    if (request.url().split("#")[0] !== page) tab.said.push(`request: ${request.url()}`);
  });
  await tab.setViewport({ width, height });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const began = Date.now();
  await tab.goto(page);
  tab.took = Date.now() - began;
  return tab;
};

// What can be seen of the list: by verdict, level and extension.
const seen = (tab) => tab.evaluate(() => {
  const rows = [...document.querySelectorAll("#scenarios li")].filter((row) => !row.hidden);
  return rows.map((row) => ({ ...row.dataset }));
});

const filters = async (tab) => {
  const all = await seen(tab);
  assert(all.length > 0, "there is no scenario");
  const verdicts = [...new Set(all.map((row) => row.v))];
  for (const verdict of verdicts) {
    await tab.evaluate((verdict) => document.querySelector(`input[value=${verdict}]`).click(), verdict);
    const left = await seen(tab);
    assert.deepStrictEqual(left, all.filter((row) => row.v !== verdict), `without ${verdict}`);
    const cards = await tab.evaluate((verdict) =>
      [...document.querySelectorAll(`.card.${verdict}`)].filter((card) => !card.hidden).length, verdict);
    assert.strictEqual(cards, 0, `cards without ${verdict}`);
    await tab.evaluate((verdict) => document.querySelector(`input[value=${verdict}]`).click(), verdict);
  }
  for (const level of ["MUST", "SHOULD"]) {
    await tab.select("[name=level]", level);
    assert.deepStrictEqual(await seen(tab), all.filter((row) => row.l === level), level);
  }
  await tab.select("[name=level]", "");
  const extensions = [...new Set(all.map((row) => row.x))];
  for (const extension of extensions) {
    await tab.select("[name=extension]", extension);
    assert.deepStrictEqual(await seen(tab), all.filter((row) => row.x === extension), extension);
  }
  await tab.select("[name=extension]", "");
  await tab.type("[name=text]", "no scenario has this in it");
  assert.strictEqual((await seen(tab)).length, 0, "text");
  const shown = await tab.$eval("#shown", (output) => output.value);
  assert(shown.startsWith("0 of "), shown);
  await tab.click("button[type=reset]");
  await tab.waitForFunction((all) =>
    [...document.querySelectorAll("#scenarios li")].filter((row) => !row.hidden).length === all, {}, all.length);
};

const links = async (tab) => {
  // A tile opens the list of its section, and the name of a failure there leads to its card.
  const section = await tab.evaluate(() => {
    const lists = (tile) => document.getElementById(tile.hash.slice(1)).localName === "details";
    const tile = [...document.querySelectorAll(".tile")].find(lists);
    tile.click();
    return tile.hash.slice(1);
  });
  await tab.waitForFunction((id) => document.getElementById(id).open, {}, section);
  const row = await tab.$("#scenarios li.fail a");
  if (row) {
    await tab.evaluate(() => { document.querySelector(".card.fail").open = false; });
    await tab.evaluate(() => {
      const id = document.querySelector(".card.fail").id;
      document.querySelector(`#scenarios li a[href="#${id}"]`).click();
    });
    await tab.waitForFunction(() => document.querySelector(".card.fail").open);
  }
};

const unharmed = async (tab) => {
  const found = await tab.evaluate(() => ({
    title: document.title,
    scripts: document.scripts.length,
    foreign: document.querySelectorAll("img, iframe, object, embed, link, base, svg [onload]").length,
    handlers: [...document.querySelectorAll("*")].filter((element) =>
      [...element.attributes].some((attribute) => attribute.name.startsWith("on"))).length,
    // No character that turns the direction of writing, and no control, stands in the page.
    steering: /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/
      .test(document.documentElement.outerHTML),
  }));
  assert(found.title.endsWith("SMTP conformance"), found.title);
  assert.deepStrictEqual({ ...found, title: "" },
    { title: "", scripts: 1, foreign: 0, handlers: 0, steering: false });
};

(async () => {
  const browser = await puppeteer.launch({
    executablePath: chromium,
    // Within a container root has no sandbox; the page is our own.
    args: process.getuid() === 0 ? ["--no-sandbox"] : [],
  });
  try {
    fs.mkdirSync(shots, { recursive: true });
    for (const [name, width, height] of [["desktop", 1280, 900], ["phone", 390, 844]]) {
      for (const scheme of ["light", "dark"]) {
        const tab = await open(browser, width, height, scheme);
        const wide = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(wide <= 0, `${name}: the page is ${wide} pixels wider than the window`);
        await unharmed(tab);
        await tab.screenshot({ path: `${shots}/${name}-${scheme}.png` });
        for (const [part, selector] of [["map", "#map"], ["card", ".card"], ["model", "#chapter-model"], ["list", "#unjudged"]]) {
          const there = await tab.evaluate((selector) => {
            const part = document.querySelector(selector);
            if (part) part.scrollIntoView();
            // What comes into sight takes its size, which moves the page once more.
            const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            return frame().then(frame).then(() => {
              if (part) part.scrollIntoView();
              return frame();
            }).then(() => part !== null);
          }, selector);
          if (there) await tab.screenshot({ path: `${shots}/${name}-${scheme}-${part}.png` });
        }
        if (scheme === "light") {
          await filters(tab);
          await links(tab);
        }
        assert.deepStrictEqual(tab.said, [], "something was said");
        console.log(`${name} ${scheme}: loaded in ${tab.took} ms`);
        await tab.close();
      }
    }
    const tab = await open(browser, 1280, 900, "light");
    await tab.pdf({ path: `${shots}/print.pdf`, format: "A4" });
    await tab.close();
  } finally {
    await browser.close();
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
