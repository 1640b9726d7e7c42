// pages.js BROWSER FOLDER [PICTURES]: opens the pages of a folder, and uses them as a person does.
import { strict as assert } from "node:assert";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, folder, pictures] = process.argv.slice(2);
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

/** Opens a page, and fails if it reports an error or is wider than its window. */
const opened = async (browser, file, viewport, colorScheme, use) => {
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(pathToFileURL(file).href);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  const unseen = await page.evaluate(() =>
    [...document.images].filter((image) => image.clientWidth * image.clientHeight === 0).map((image) => image.src),
  );
  await use?.(page);
  await context.close();
  const name = `${file.slice(folder.length + 1)} at ${viewport.width} pixels, ${colorScheme}`;
  assert.deepEqual(errors, [], name);
  assert.deepEqual(unseen, [], `pictures that cannot be seen: ${name}`);
  assert.ok(wide <= 0, `${name} is ${wide} pixels wider than its window`);
};

const picture = (page, name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`) });

const shown = async (page) => page.locator("#count").innerText();

/** The boxes of marks that can be seen in the window. */
const visible = (page) =>
  page.evaluate(() => {
    const there = (mark) => {
      const { left, right, top, bottom } = mark.getBoundingClientRect();
      return right > 0 && left < innerWidth && bottom > 0 && top < innerHeight;
    };
    return [...document.querySelectorAll("#view .node:not(.away)")].filter(there).length;
  });

/** What a person does with the picture of dev: search, choose, follow, hide, read the last run. */
const explored = async (page) => {
  const all = await page.locator("#view .node").count();
  assert.equal(await shown(page), `${all} shown`);
  assert.equal(await visible(page), all, "everything is in the window at first");

  await page.locator("#filter").fill("bucket");
  const [found] = (await shown(page)).split(" of ").map(Number);
  assert.ok(found > 0 && found < all, await shown(page));
  await page.locator("#filter").fill("");

  await page.evaluate(() => (location.hash = ""));
  await page.locator('.node:has(title:text-matches("^network.vpc:"))').first().dispatchEvent("click");
  assert.equal(await page.locator("#panel h2").innerText(), "network.vpc");
  const needed = page.locator("#panel h3.downward");
  assert.match(await needed.innerText(), /Needed by \d+/);
  assert.match(page.url(), /#network\.vpc$/);
  await page.locator("#panel li button").first().click();
  assert.notEqual(await page.locator("#panel h2").innerText(), "network.vpc");
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#panel").isHidden());

  const statuses = page.locator(".chip[data-status]");
  assert.ok((await statuses.count()) > 1, "there are changes");
  await page.locator('.chip[data-status="ready"]').click();
  const [changed] = (await shown(page)).split(" of ").map(Number);
  assert.ok(changed > 0 && changed < 20, `${changed} changes`);
  await page.locator('.chip[data-status="ready"]').click();

  const run = page.locator("#run");
  assert.match(await run.locator("summary").innerText(), /^Last run: up on /);
  await run.locator("summary").click();
  assert.ok((await run.locator(".bar.critical").count()) > 1);
  assert.ok(await run.locator(".bar").first().isVisible());
  await run.locator("summary").click();
};

/** What a person does with thousands of resources: see all, find one, go to it, and follow it. */
const crossed = async (page) => {
  const all = await page.locator("#view .node").count();
  assert.ok(all > 4900, `${all}`);
  const spent = async (name, act) => {
    const [before] = [Date.now()];
    await act();
    // Until it is painted.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    console.log(`  ${name}: ${Date.now() - before} ms`);
  };
  assert.equal(await visible(page), all, "everything is in the window at first");
  await spent("filter", () => page.locator("#filter").fill("f0100"));
  const [found] = (await shown(page)).split(" of ").map(Number);
  assert.ok(found > 0 && found < 50, await shown(page));
  await spent("choose", () => page.keyboard.press("Enter"));
  assert.match(await page.locator("#panel h2").innerText(), /f0100/);
  await spent("let go", () => page.keyboard.press("Escape"));
  await page.locator("#filter").fill("");
  const before = await page.locator("#view").getAttribute("transform");
  await page.mouse.move(640, 400);
  await spent("zoom", () => page.mouse.wheel(0, -400));
  await page.mouse.down();
  await spent("move", () => page.mouse.move(300, 300, { steps: 10 }));
  await page.mouse.up();
  assert.notEqual(await page.locator("#view").getAttribute("transform"), before);
};

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries({ desk: DESK, phone: PHONE })) {
      await opened(browser, join(folder, "dev.html"), viewport, colorScheme, async (page) => {
        await picture(page, `graph-${size}-${colorScheme}`);
        await explored(page);
      });
    }
  }
  const began = Date.now();
  await opened(browser, join(folder, "large.html"), DESK, "light", async (page) => {
    console.log(`5,000 resources\n  open: ${Date.now() - began} ms`);
    await picture(page, "graph-large");
    await crossed(page);
  });
  const site = await readdir(join(folder, "site"), { recursive: true });
  // A server answers with 404.html at any address, so its links begin at the root.
  const pages = site.filter((file) => file.endsWith(".html") && !["toc.html", "404.html"].includes(file));
  assert.ok(pages.length > 40, `${pages.length} pages`);
  for (const file of pages.sort()) {
    await opened(browser, join(folder, "site", file), DESK, "light");
    await opened(browser, join(folder, "site", file), PHONE, "dark", (page) =>
      picture(page, `site-${file.replaceAll("/", "-")}`),
    );
  }
  console.log(`the pictures and ${pages.length} pages of the site work in ${await browser.version()}`);
} finally {
  await browser.close();
}
