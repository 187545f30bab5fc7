"use strict";
/* Times become the reader's own; whenever the server says that something is new, or every five seconds where it cannot, the page
 * is asked for again, and of <main> what differs is put in its place, so that focus, selection and the reader's place stay.
 * Without a script the page is complete. */
(() => {
	const EVERY = 5000, LEAST = 1000, events = document.currentScript && document.currentScript.dataset.events;

	function pad(number) {
		return String(number).padStart(2, "0");
	}

	function localTimes(root) {
		for (const element of root.querySelectorAll("time[datetime]")) {
			const time = new Date(element.dateTime);
			if (Number.isNaN(time.getTime()))
				continue;
			const offset = -time.getTimezoneOffset(), hours = Math.floor(Math.abs(offset) / 60), minutes = Math.abs(offset) % 60;
			element.title = element.dateTime.replace("T", " ").replace("Z", " UTC");
			element.textContent = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${pad(time.getHours())}:`
			    + `${pad(time.getMinutes())}:${pad(time.getSeconds())} ${offset < 0 ? "-" : "+"}${pad(hours)}${pad(minutes)}`;
		}
	}

	/* Elements are the same where tag and id are; what lies in an open <details> stays open. */
	function replace(now, next) {
		if (now.isEqualNode(next))
			return;
		const same = now.nodeType === Node.ELEMENT_NODE && next.nodeType === Node.ELEMENT_NODE && now.tagName === next.tagName && now.id === next.id;
		if (!same || now.namespaceURI !== "http://www.w3.org/1999/xhtml") {
			now.replaceWith(next);
			return;
		}
		if (now.tagName === "INPUT")
			return;
		for (const {name, value} of [...next.attributes])
			if (now.getAttribute(name) !== value)
				now.setAttribute(name, value);
		for (const {name} of [...now.attributes])
			if (!next.hasAttribute(name) && !(now.tagName === "DETAILS" && name === "open"))
				now.removeAttribute(name);
		const old = [...now.childNodes], fresh = [...next.childNodes];
		fresh.forEach((child, index) => index < old.length ? replace(old[index], child) : now.append(child));
		old.slice(fresh.length).forEach((child) => child.remove());
	}

	let etag = "";

	async function refresh() {
		if (document.hidden)
			return;
		try {
			const answer = await fetch(location.href, {cache: "no-store", headers: etag ? {"If-None-Match": etag} : {}});
			if (answer.status === 304)
				return;
			if (!answer.ok)
				throw new Error(`status ${answer.status}`);
			etag = answer.headers.get("ETag") || "";
			const next = new DOMParser().parseFromString(await answer.text(), "text/html");
			localTimes(next);
			document.title = next.title;
			const icon = document.querySelector("link[rel=icon]"), fresh = next.querySelector("link[rel=icon]");
			if (icon && fresh && icon.getAttribute("href") !== fresh.getAttribute("href"))
				icon.setAttribute("href", fresh.getAttribute("href"));
			for (const id of ["main", "footer"])
				if (document.getElementById(id) && next.getElementById(id))
					replace(document.getElementById(id), next.getElementById(id));
			document.documentElement.removeAttribute("data-lost");
		} catch {
			document.documentElement.setAttribute("data-lost", "");
			const footer = document.querySelector("#footer p");
			if (footer && !footer.dataset.lost) {
				footer.dataset.lost = "1";
				footer.textContent = `This page cannot be refreshed since ${new Date().toLocaleTimeString()}: what it shows is of then. ` + footer.textContent;
			}
		}
	}

	let isFollowed = false, waits = false;

	function soon() {
		if (waits)
			return;
		waits = true;
		setTimeout(() => { waits = false; refresh(); }, LEAST);
	}

	localTimes(document);
	if (events && "EventSource" in window) {
		const source = new EventSource(events);
		source.onopen = () => { isFollowed = true; };
		source.onerror = () => { isFollowed = false; };
		for (const name of ["change", "figures", "anew"])
			source.addEventListener(name, soon);
	}
	setInterval(() => { if (!isFollowed) refresh(); }, EVERY);
	document.addEventListener("visibilitychange", refresh);
})();
