"use strict";
/* Times become the reader's own; whenever the server says that something is new, or every five seconds where it cannot, the page
 * is asked for again, and of <main> what differs is put in its place, so that focus, selection and the reader's place stay.
 * Pieces of strips and charts are reached by keyboard. Without a script the page is complete. */
(() => {
	const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
	const HALF_A_YEAR = 182 * 86400e3;
	const EVERY = 5000, LEAST = 1000, PATIENCE = 30000, events = document.currentScript && document.currentScript.dataset.events;

	function pad(number) {
		return String(number).padStart(2, "0");
	}

	function localTimes(root) {
		for (const element of root.querySelectorAll("time[datetime]")) {
			const time = new Date(element.dateTime);
			if (Number.isNaN(time.getTime()))
				continue;
			const offset = -time.getTimezoneOffset(), hours = Math.floor(Math.abs(offset) / 60), minutes = Math.abs(offset) % 60;
			const utc = element.dateTime.replace("T", " ").replace("Z", " UTC"), clock = `${pad(time.getHours())}:${pad(time.getMinutes())}`;
			const full = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${clock}:`
			    + `${pad(time.getSeconds())} ${offset < 0 ? "-" : "+"}${pad(hours)}${pad(minutes)}`;
			const isShort = element.classList.contains("short");
			element.title = isShort ? `${full}, ${utc}` : utc;
			const year = Math.abs(Date.now() - time) < HALF_A_YEAR ? "" : ` ${time.getFullYear()}`;
			element.textContent = isShort ? `${time.getDate()} ${MONTHS[time.getMonth()]}${year} ${clock}` : full;
		}
	}

	/* The zone of the reader, at that time of the year. */
	function localZone(root) {
		const offset = -new Date().getTimezoneOffset(), part = Math.abs(offset);
		for (const element of root.querySelectorAll("footer .zone"))
			element.textContent = ` Times are yours, UTC${offset < 0 ? "-" : "+"}${pad(Math.floor(part / 60))}:${pad(part % 60)}.`;
	}

	/* A strip or a chart is one stop of the tab key, at its newest piece; arrows go from piece to piece. */
	function pieces(strip) {
		return [...strip.querySelectorAll("[role=listitem], a")];
	}

	function stops(root) {
		for (const strip of root.querySelectorAll(".strip, .chart"))
			pieces(strip).forEach((piece, index, all) => piece.setAttribute("tabindex", index === all.length - 1 ? "0" : "-1"));
	}

	/* What is wider than its place is scrolled by keyboard as well. */
	function scrollers() {
		for (const element of document.querySelectorAll(".scroll, pre"))
			if (element.scrollWidth > element.clientWidth)
				element.setAttribute("tabindex", "0");
			else
				element.removeAttribute("tabindex");
	}

	function note(piece) {
		const old = document.getElementById("note"), title = piece && piece.querySelector("title");
		if (old)
			old.remove();
		if (!title)
			return;
		const made = document.createElement("div"), at = piece.getBoundingClientRect();
		made.id = "note";
		made.setAttribute("aria-hidden", "true");       // the piece itself is called so
		made.textContent = title.textContent;
		document.body.append(made);
		made.style.left = `${Math.max(0, Math.min(at.left, document.documentElement.clientWidth - made.offsetWidth - 8)) + scrollX}px`;
		made.style.top = `${at.bottom + scrollY + 4}px`;
	}

	document.addEventListener("focusin", (event) => note(event.target.closest(".strip [role=listitem], .chart a")));
	document.addEventListener("keydown", (event) => {
		const piece = document.activeElement.closest(".strip [role=listitem], .chart a");
		if (!piece || event.altKey || event.ctrlKey || event.metaKey)      // those keys are the browser's
			return;
		const all = pieces(piece.closest("svg")), at = all.indexOf(piece);
		const next = {ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1}[event.key];
		if (next === undefined)
			return;
		event.preventDefault();
		if (!all[next])
			return;
		all.forEach((other) => other.setAttribute("tabindex", other === all[next] ? "0" : "-1"));
		all[next].focus();
	});

	/* Elements with an id stay the same wherever they move to; a <details> stays as the reader left it. */
	function replace(now, next) {
		if (now.isEqualNode(next))
			return;
		if (now.nodeName !== next.nodeName || now.nodeType !== Node.ELEMENT_NODE || now.id !== next.id) {
			now.replaceWith(next);
			return;
		}
		if (now.tagName === "INPUT")
			return;
		const isReaders = (name) => now.tagName === "DETAILS" && name === "open";
		for (const {name, value} of [...next.attributes])
			if (now.getAttribute(name) !== value && !isReaders(name))
				now.setAttribute(name, value);
		for (const {name} of [...now.attributes])
			if (!next.hasAttribute(name) && !isReaders(name))
				now.removeAttribute(name);
		const known = new Map([...now.children].filter((child) => child.id).map((child) => [child.id, child]));
		let at = now.firstChild;
		for (const child of [...next.childNodes]) {
			const same = child.id ? known.get(child.id) : at && !at.id ? at : null;
			if (same === at && at)
				at = at.nextSibling;
			else
				now.insertBefore(same || child, at);
			if (same)
				replace(same, child);
		}
		while (at) {
			const rest = at;
			at = at.nextSibling;
			rest.remove();
		}
	}

	let etag = "", asks = false, again = false;

	/* One at a time: an answer that comes after a later one would show what was. */
	async function refresh() {
		if (document.hidden)
			return;
		again = asks;
		if (asks)
			return;
		asks = true;
		try {
			const answer = await fetch(location.href, {cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
			    headers: etag ? {"If-None-Match": etag} : {}});
			if (answer.status === 304)
				return;
			if (!answer.ok)
				throw new Error(`status ${answer.status}`);
			const next = new DOMParser().parseFromString(await answer.text(), "text/html");
			etag = answer.headers.get("ETag") || "";
			localTimes(next);
			localZone(next);
			stops(next);
			document.title = next.title;
			const icon = document.querySelector("link[rel=icon]"), fresh = next.querySelector("link[rel=icon]");
			if (icon && fresh && icon.getAttribute("href") !== fresh.getAttribute("href"))
				icon.setAttribute("href", fresh.getAttribute("href"));
			const focused = document.activeElement;
			for (const id of ["main", "footer"])
				if (document.getElementById(id) && next.getElementById(id))
					replace(document.getElementById(id), next.getElementById(id));
			scrollers();
			if (focused !== document.activeElement && focused.isConnected)
				focused.focus({preventScroll: true});
			document.documentElement.removeAttribute("data-lost");
		} catch {
			etag = "";                             // what is said here is gone with the next page, also where that is as the last
			document.documentElement.setAttribute("data-lost", "");
			const footer = document.querySelector("#footer p");
			if (footer && !footer.dataset.lost) {
				footer.dataset.lost = "1";
				const now = document.createElement("time");
				now.dateTime = new Date().toISOString().replace(/\.\d+/, "");
				footer.prepend("This page cannot be refreshed since ", now, ": what it shows is of then. ");
				localTimes(footer);
			}
		} finally {
			asks = false;
			if (again)
				soon();
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
	localZone(document);
	stops(document);
	scrollers();
	addEventListener("resize", scrollers);
	document.addEventListener("toggle", scrollers, true);
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
