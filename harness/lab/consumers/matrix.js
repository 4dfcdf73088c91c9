// matrix.js PAGE SCREENSHOTS: opens a matrix in a headless chromium, clicks on a cell, and fails where
// the dialogues behind it do not show, or anything is said on the console.
"use strict";
const fs = require("fs");
const path = require("path");
const assert = require("assert");
const puppeteer = require("puppeteer-core");

const page = "file://" + path.resolve(process.argv[2]);
const shots = process.argv[3];

(async () => {
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    // Within a container root has no sandbox; the page is our own.
    args: process.getuid() === 0 ? ["--no-sandbox"] : [],
  });
  try {
    fs.mkdirSync(shots, { recursive: true });
    for (const [name, width, height, scheme] of [
      ["desktop-light", 1280, 900, "light"], ["desktop-dark", 1280, 900, "dark"],
      ["phone-light", 390, 844, "light"], ["phone-dark", 390, 844, "dark"],
    ]) {
      const tab = await browser.newPage();
      const said = [];
      tab.on("console", (message) => said.push(message.text()));
      tab.on("pageerror", (error) => said.push(String(error)));
      tab.on("request", (request) => {
        if (request.url().split("#")[0] !== page) said.push(request.url());
      });
      await tab.setViewport({ width, height });
      await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await tab.goto(page);
      const wide = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert(wide <= 0, `${name}: the page is ${wide} pixels wider than the window`);
      await tab.screenshot({ path: `${shots}/${name}.png` });
      const cells = await tab.evaluate(() => document.querySelectorAll(".matrix td a").length);
      assert(cells > 0, "no cell leads anywhere");
      for (let cell = 0; cell < cells; cell += Math.ceil(cells / 10)) {
        const behind = await tab.evaluate((cell) => {
          const link = document.querySelectorAll(".matrix td a")[cell];
          link.click();
          return link.hash.slice(1);
        }, cell);
        await tab.waitForFunction((id) => {
          const chapter = document.getElementById(decodeURIComponent(id));
          return chapter.open && chapter.querySelectorAll(".card").length > 0 &&
            chapter.querySelector(".dialogue li.bad, .dialogue li") !== null;
        }, {}, behind);
      }
      await tab.screenshot({ path: `${shots}/${name}-cell.png` });
      const rows = () => tab.evaluate(() =>
        [...document.querySelectorAll(".matrix tbody tr")].filter((row) => !row.hidden).length);
      const all = await rows();
      await tab.evaluate(() => document.getElementById("only").click());
      const broken = await tab.evaluate(() =>
        [...document.querySelectorAll(".matrix tbody tr")].filter((row) => row.querySelector("td.fail, td.warn")).length);
      assert.strictEqual(await rows(), broken);
      assert(broken < all);
      assert.deepStrictEqual(said, [], "something was said");
      console.log(`${name}: ${cells} cells lead to dialogues`);
      await tab.close();
    }
  } finally {
    await browser.close();
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
