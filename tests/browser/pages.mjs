// The pages as a browser shows them. Prints TAP.
//
//	node pages.mjs MODULES SITE SCENE FOLDER
//
// MODULES: the folder of playwright-core and axe-core; SITE: the address of the page; SCENE: where POST /stop/NAME and /start/NAME take a server away
// and bring it back (tests/end-to-end/browser.test); FOLDER: for screenshots.
import fs from "node:fs";
import {createRequire} from "node:module";
import assert from "node:assert/strict";

const [modules, site, scene, folder] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const {chromium} = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const PATIENCE = 60000;
const WINDOWS = [["light", 320, 640], ["dark", 1280, 900], ["light", 3840, 2160], ["dark", 800, 900]];

const browser = await chromium.launch({executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"]});

// A page whose complaints fail the test: errors, what the policy of content forbids, and requests that go elsewhere.
async function visit(path, options, use) {
	const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...options});
	const page = await context.newPage(), complaints = [];
	page.setDefaultTimeout(PATIENCE);
	page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
	page.on("pageerror", (error) => complaints.push(String(error)));
	page.on("request", (request) => request.url().startsWith(site) || complaints.push(request.url()));
	page.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure().errorText}`));
	try {
		await page.goto(site + path);
		await use(page, context);
		assert.deepEqual(complaints.filter((text) => !text.includes("ERR_ABORTED")), [], path);
	} finally {
		await context.close();
	}
}

// The story of the outage that there is, and one of its attempts.
async function addresses() {
	const answer = await (await fetch(`${site}/api/v1/incidents`)).json();
	const {incident} = answer.incidents.find((one) => one.target === "mx1.example.org");
	const {evidence} = await (await fetch(`${site}/api/v1/incidents/${incident}`)).json();
	return ["/", "/?wall", "/?compact", "/?state=up&page=2", "/targets/mx1.example.org", "/targets/mx2.example.org", "/incidents", "/certificates",
		`/incidents/${incident}`, `/targets/mx1.example.org/attempts/${evidence[0].run}`, "/about", "/targets/nobody"];
}

const text = async (page) => (await page.innerText("main")).replace(/\s+/g, " ");
// What is said on the wire and does not fit into its window or sheet.
const cut = async (page) => page.evaluate(() => [...document.querySelectorAll("pre")].filter((pre) => pre.scrollWidth > pre.clientWidth).map((pre) => pre.innerText));
const post = async (path) => assert.equal((await fetch(scene + path, {method: "POST"})).status, 200, path);
const name = (path) => path.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "") || "overview";

const tests = {
	async "every page is complete without a script"() {
		for (const path of await addresses()) {
			if (path.includes("nobody"))
				continue;
			await visit(path, {javaScriptEnabled: false}, async (page) => {
				const words = await text(page);
				assert.ok(words.length > 40, path);
				assert.match(await page.title(), /Postwatch/, path);
				assert.match(await page.innerText("body"), / UTC/, path);
			});
		}
	},

	async "no page reports an error or reaches elsewhere, in both colour schemes, from 320 to 3,840 pixels, and none is wider than its window"() {
		for (const path of (await addresses()).filter((path) => !path.includes("nobody"))) {
			for (const [colorScheme, width, height] of WINDOWS) {
				await visit(path, {colorScheme, viewport: {width, height}}, async (page) => {
					const wide = await page.evaluate(() => document.documentElement.scrollWidth);
					const widest = await page.evaluate(() => [...document.querySelectorAll("main *")].filter((element) => !element.closest("svg, .scroll > *")
					    && element.getBoundingClientRect().right > document.documentElement.clientWidth).map((element) => element.outerHTML.slice(0, 120)));
					assert.ok(wide <= width, `${path} at ${width}: ${wide}: ${widest.slice(-2)}`);
					assert.deepEqual(await cut(page), [], `${path} at ${width}`);
					await page.screenshot({path: `${folder}/${name(path)}-${colorScheme}-${width}.png`, fullPage: width < 3840});
				});
			}
		}
	},

	async "axe finds nothing on any page in either colour scheme, nor on a phone"() {
		for (const path of await addresses()) {
			for (const [colorScheme, width, rules] of [["light", 1280], ["dark", 1280, ["color-contrast"]], ["light", 320, ["scrollable-region-focusable"]]]) {
				const context = await browser.newContext({colorScheme, bypassCSP: true, viewport: {width, height: 900}});
				const page = await context.newPage();
				await page.goto(site + path);
				await page.evaluate(axe);
				const {violations} = await page.evaluate((rules) => globalThis.axe.run(document,
				    {resultTypes: ["violations"], ...rules && {runOnly: rules}}), rules);
				assert.deepEqual(violations.map((found) => `${path} ${colorScheme} ${width} ${found.id}: ${found.help}: ${found.nodes[0].html.slice(0, 200)}`
				    + ` ${found.nodes[0].failureSummary}`), []);
				await context.close();
			}
		}
	},

	async "a search, a state, a tag and a page are addresses, and lead back"() {
		await visit("/", {}, async (page) => {
			await page.fill("#q", "mx2");
			await page.press("#q", "Enter");
			await page.waitForURL(/q=mx2/);
			assert.equal(await page.locator("#targets tbody tr").count(), 1);
			await page.goBack();
			await page.click("#states a:has-text('up')");
			await page.waitForURL(/state=up/);
			assert.equal(await page.locator("#targets tbody tr").count(), 200);
			await page.click("a[rel=next]");
			await page.waitForURL(/page=2/);
			assert.ok(await page.locator("#targets tbody tr").count() > 0);
			await page.goto(`${site}/`);
			await page.click("#tags a:has-text('customers')");
			await page.waitForURL(/tag=customers/);
			assert.match(await text(page), /customer-1\.example/);
		});
	},

	async "a server that goes down and comes back is seen without a reload, and focus and place stay"() {
		await visit("/?tag=live", {viewport: {width: 1280, height: 500}}, async (page) => {
			await page.evaluate(() => { globalThis.stays = true; });
			const link = page.locator("td.name a", {hasText: "live-c.example"});
			await link.focus();
			await page.evaluate(() => scrollTo(0, 60));
			const place = await page.evaluate(() => scrollY);
			await post("/stop/live-b.example");
			await page.waitForFunction(() => /live-b\.example does not/.test(document.getElementById("sentence").innerText));
			assert.match(await page.title(), /^\(\d+\) /);
			const first = page.locator("#targets tbody tr").first();
			assert.match(await first.innerText(), /live-b\.example/);
			assert.equal(await page.evaluate(() => document.activeElement.innerText), "live-c.example");
			assert.equal(await page.evaluate(() => scrollY), place);
			await post("/start/live-b.example");
			await page.waitForFunction(() => !/live-b\.example does not/.test(document.getElementById("sentence").innerText));
			assert.equal(await page.evaluate(() => document.activeElement.innerText), "live-c.example");
			assert.equal(await page.evaluate(() => globalThis.stays), true, "the page was not loaded again");
		});
	},

	async "the story of an incident is in order: first sign, confirmation, what was told"() {
		const path = (await addresses()).find((path) => path.startsWith("/incidents/"));
		await visit(path, {}, async (page) => {
			const words = await text(page);
			const order = ["Now down", "Who was told Not told: no notifier is meant for it", "What happened", "First sign: it failed", "Step Took Limit", "failed here", "not reached",
				"Transcript", "It failed again", "It is certain that it is down", "It is still down"].map((part) => words.indexOf(part));
			assert.ok(order.every((at) => at >= 0) && order.every((at, i) => i === 0 || at > order[i - 1]), words.slice(0, 600));
			assert.equal(await page.locator(".waterfall .failed").count() > 0, true, "the step that failed is marked");
			await page.click("main a[href*='/targets/']");
			await page.waitForURL(/targets/);
		});
	},

	async "the story of an incident that is over tells how it stands now apart from what was, and what differs"() {
		const {incidents} = await (await fetch(`${site}/api/v1/incidents`)).json();
		const {incident} = incidents.find((one) => one.target === "live-b.example" && one.end_confirmed !== null);
		await visit(`/incidents/${incident}`, {}, async (page) => {
			assert.match(await page.innerText("h1"), /live-b\.example was down for/);
			assert.match(await page.innerText("#now"), /^\s*up for/);
			const words = (await page.innerText("#story")).replace(/\s+/g, " ");
			const order = ["First sign", "It is certain that it is down", "It passed", "It is certain that it is up again", "What differs"].map((part) => words.indexOf(part));
			assert.ok(order.every((at, i) => at >= 0 && (i === 0 || at > order[i - 1])), words.slice(0, 900));
			assert.match(await page.innerText("#differs"), /connect\s+.*(refused|failed|0).*\s+/i);
		});
	},

	async "the keyboard reaches everything: a link over the header, one stop for each strip, arrows within it, and the attempts of a chart"() {
		await visit("/", {}, async (page) => {
			await page.keyboard.press("Tab");
			assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
			await page.keyboard.press("Enter");
			assert.equal(await page.evaluate(() => document.activeElement.id), "main");
			const strips = await page.locator(".strip").count(), stops = await page.locator(".strip [tabindex='0']").count();
			assert.ok(stops > 0 && stops <= strips, `${stops} stops of ${strips} strips`);
		});
		await visit("/targets/mx2.example.org", {}, async (page) => {
			await page.waitForFunction(() => document.querySelectorAll(".chart a[tabindex='0']").length > 1);
			const chart = page.locator(".chart").first();
			await chart.locator("a[tabindex='0']").focus();
			const newest = await page.evaluate(() => document.activeElement.getAttribute("href"));
			await page.keyboard.press("ArrowLeft");
			const before = await page.evaluate(() => document.activeElement.getAttribute("href"));
			assert.notEqual(before, newest);
			assert.match(await page.innerText("#note"), / ago: /);
			await page.keyboard.press("End");
			await page.keyboard.press("Enter");
			await page.waitForURL(/attempts/);
		});
	},

	async "what the reader has closed stays closed when the page is refreshed, and keys of the browser stay its own"() {
		const path = (await addresses()).find((path) => path.includes("/attempts/"));
		await visit(path, {}, async (page) => {
			const before = await page.innerText("#footer");
			await page.locator("details[open] summary").first().click();
			const open = await page.locator("details[open]").count();
			await page.waitForFunction((before) => document.getElementById("footer").innerText !== before, before);
			assert.equal(await page.locator("details[open]").count(), open);
		});
		await visit("/targets/mx2.example.org", {}, async (page) => {
			await page.waitForFunction(() => document.querySelectorAll(".chart a[tabindex='0']").length > 1);
			await page.locator(".chart a[tabindex='0']").first().focus();
			for (const [altKey, wanted] of [[true, true], [false, false]])
				assert.equal(await page.evaluate((altKey) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
				    {key: "ArrowLeft", altKey, bubbles: true, cancelable: true})), altKey), wanted);
		});
	},

	async "times are the reader's own, with UTC beside them, before and behind each change of summer time"() {
		for (const [timezoneId, at, shown] of [["Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01 05:45:00 +0545"],
			["Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29 01:59:59 +0100"], ["Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29 03:00:00 +0200"],
			["Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25 02:30:00 +0200"], ["Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25 02:30:00 +0100"],
			["America/New_York", "2026-11-01T05:59:59Z", "2026-11-01 01:59:59 -0400"], ["America/New_York", "2026-11-01T06:00:00Z", "2026-11-01 01:00:00 -0500"]]) {
			const context = await browser.newContext({timezoneId});
			const page = await context.newPage();
			await page.route("**/about", async (route) => {
				const answer = await route.fetch();
				const body = (await answer.text()).replace(/<time datetime="[^"]*">[^<]*</, `<time datetime="${at}">x<`);
				return route.fulfill({response: answer, body, headers: {...answer.headers(), etag: ""}});
			});
			await page.goto(`${site}/about`);
			await page.unrouteAll({behavior: "ignoreErrors"});
			const time = page.locator("time").first();
			assert.equal(await time.innerText(), shown);
			assert.equal(await time.getAttribute("title"), at.replace("T", " ").replace("Z", " UTC"));
			await context.close();
		}
	},

	async "paper shows what the screen does, without what can be pressed"() {
		for (const path of (await addresses()).filter((path) => !path.includes("nobody"))) {
			await visit(path, {}, async (page) => {
				await page.emulateMedia({media: "print"});
				assert.deepEqual(await cut(page), [], path);
				assert.equal(await page.locator("nav").isVisible() || await page.locator("form").isVisible(), false, path);
				assert.ok((await text(page)).length > 40, path);
				await page.pdf({path: `${folder}/${name(path)}.pdf`, format: "A4"});
			});
		}
	},
};

console.log(`1..${Object.keys(tests).length}`);
let number = 0, failed = 0;
for (const [title, test] of Object.entries(tests)) {
	number++;
	try {
		await test();
		console.log(`ok ${number} - ${title}`);
	} catch (error) {
		failed++;
		console.log(String(error.stack || error).replace(/^/gm, "# "));
		console.log(`not ok ${number} - ${title}`);
	}
}
await browser.close();
process.exitCode = failed > 0 ? 1 : 0;
