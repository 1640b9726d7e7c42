"use strict";

// Everything shown comes from the data as text; nothing is ever parsed as HTML.
(() => {
  const { nodes, edges } = JSON.parse(document.getElementById("data").textContent);
  const canvas = document.getElementById("canvas");
  const view = document.getElementById("view");
  const panel = document.getElementById("panel");
  const filter = document.getElementById("filter");
  const chips = [...document.querySelectorAll(".chip")];
  const frames = [...view.querySelectorAll(".frame")];
  const lines = [...view.querySelectorAll(".edge")];
  const marks = [];
  view.querySelectorAll(".node").forEach((mark) => (marks[mark.dataset.node] = mark));

  const needs = nodes.map(() => []);
  const needed = nodes.map(() => []);
  for (const { dependency, dependant, ready } of edges) {
    needs[dependant].push({ other: dependency, ready });
    needed[dependency].push({ other: dependant, ready });
  }
  const words = nodes.map((node) =>
    [node.address, node.kind, node.noun, node.words, ...node.detail.flat()].join(" ").toLowerCase(),
  );
  const places = marks.map((mark) => {
    const { e, f } = mark.transform.baseVal.getItem(0).matrix;
    return { x: e, y: f };
  });

  let chosen = null;
  let stop = 0;
  const at = { x: 0, y: 0, scale: 1 };

  // ---- What is shown

  const isOff = (what, value) =>
    chips.some((chip) => chip.dataset[what] === String(value) && chip.getAttribute("aria-pressed") === "false");

  const reach = (start, side) => {
    const found = new Set();
    const open = [start];
    while (open.length > 0) {
      for (const { other } of side[open.pop()]) {
        if (!found.has(other)) {
          found.add(other);
          open.push(other);
        }
      }
    }
    return found;
  };

  const show = () => {
    const asked = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const away = nodes.map((node) => isOff("area", node.area));
    const fits = nodes.map(
      (node, i) =>
        !away[i] &&
        !isOff("status", node.status) &&
        !isOff("drifted", node.drifted) &&
        asked.every((word) => words[i].includes(word)),
    );
    const up = chosen === null ? new Set() : reach(chosen, needs);
    const down = chosen === null ? new Set() : reach(chosen, needed);
    const follows = (i) => chosen === null || i === chosen || up.has(i) || down.has(i);

    marks.forEach((mark, i) => {
      mark.classList.toggle("away", away[i]);
      mark.classList.toggle("faint", !fits[i] || !follows(i));
      mark.classList.toggle("chosen", i === chosen);
      mark.classList.toggle("upward", up.has(i));
      mark.classList.toggle("downward", down.has(i));
      mark.setAttribute("aria-pressed", String(i === chosen));
    });
    for (const line of lines) {
      const from = Number(line.dataset.dependency);
      const to = Number(line.dataset.dependant);
      const upward = up.has(from) && (up.has(to) || to === chosen);
      const downward = down.has(to) && (down.has(from) || from === chosen);
      line.classList.toggle("away", away[from] || away[to]);
      line.classList.toggle("faint", !fits[from] || !fits[to] || (chosen !== null && !upward && !downward));
      line.classList.toggle("upward", upward);
      line.classList.toggle("downward", downward);
    }
    frames.forEach((frame) => frame.classList.toggle("away", isOff("area", frame.dataset.area)));
    view.classList.toggle("following", chosen !== null);
    const first = away.indexOf(false);
    if (away[stop] && first >= 0) reachableByTab(first);
    const count = fits.filter(Boolean).length;
    document.getElementById("count").textContent = count === nodes.length ? `${count} shown` : `${count} of ${nodes.length}`;
    return fits;
  };

  // ---- The panel

  const make = (name, text, ...inside) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    element.append(...inside);
    return element;
  };

  const list = (title, side, className) => {
    const direct = side[chosen];
    const all = reach(chosen, side).size;
    const heading = make("h3", all > direct.length ? `${title} ${direct.length} directly, ${all} in all` : `${title} ${all}`);
    heading.className = className;
    const items = make("ul");
    for (const { other, ready } of direct) {
      const button = make("button", "", make("span", nodes[other].address), make("small", ready ? "working" : "its id"));
      button.addEventListener("click", () => {
        choose(other, true);
        marks[other].focus({ preventScroll: true });
      });
      items.append(make("li", "", button));
    }
    return [heading, items];
  };

  const describe = () => {
    panel.replaceChildren();
    panel.hidden = chosen === null;
    if (chosen === null) return;
    const node = nodes[chosen];
    const close = make("button", "✕");
    close.className = "close";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => {
      const before = chosen;
      choose(null);
      marks[before].focus();
    });
    const detail = make("dl");
    for (const [key, value] of [["status", node.words], ["kind", node.kind], ...node.detail]) {
      detail.append(make("dt", key), make("dd", value));
    }
    panel.append(close, make("h2", node.address), make("p", node.noun), detail);
    panel.append(...list("Needs", needs, "upward"), ...list("Needed by", needed, "downward"));
    panel.scrollTop = 0;
  };

  const choose = (i, centre = false) => {
    chosen = i;
    if (i !== null) reachableByTab(i);
    describe();
    show();
    if (i !== null) reveal(i, centre);
    const address = i === null ? "" : `#${encodeURIComponent(nodes[i].address)}`;
    history.replaceState(null, "", address || location.pathname + location.search);
  };

  // ---- Moving about

  const move = () => {
    // Texts that nobody can read take the browser long to paint.
    view.classList.toggle("far", at.scale < 0.3);
    view.setAttribute("transform", `translate(${at.x} ${at.y}) scale(${at.scale})`);
  };

  /** The scale at which everything is in the window. The key below the picture keeps its room. */
  const whole = () => {
    const width = Number(canvas.dataset.width) || 1;
    const height = Number(canvas.dataset.height) || 1;
    return Math.min(1.3, (canvas.clientWidth - 48) / width, (canvas.clientHeight - 84) / height);
  };

  const zoom = (factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) => {
    const scale = Math.min(4, Math.max(Math.min(0.04, whole()), at.scale * factor));
    at.x = x - ((x - at.x) * scale) / at.scale;
    at.y = y - ((y - at.y) * scale) / at.scale;
    at.scale = scale;
    move();
  };

  const fit = () => {
    const width = Number(canvas.dataset.width) || 1;
    const height = Number(canvas.dataset.height) || 1;
    at.scale = whole();
    at.x = (canvas.clientWidth - width * at.scale) / 2;
    at.y = 24 + Math.max(0, (canvas.clientHeight - 84 - height * at.scale) / 2);
    move();
  };

  /** Brings a node into view, if it is not: at least as large as can be read if it is to be the centre. */
  const reveal = (i, centre) => {
    const free = canvas.clientWidth - (panel.hidden ? 0 : panel.offsetWidth + 16);
    const size = { x: 200, y: 26 };
    if (centre && at.scale < 0.6) at.scale = 0.8;
    const x = at.x + places[i].x * at.scale;
    const y = at.y + places[i].y * at.scale;
    const inside = x > 8 && y > 8 && x + size.x * at.scale < free - 8 && y + size.y * at.scale < canvas.clientHeight - 8;
    if (inside) return move();
    at.x += free / 2 - (x + (size.x / 2) * at.scale);
    at.y += canvas.clientHeight / 2 - (y + (size.y / 2) * at.scale);
    move();
  };

  const pointers = new Map();
  let dragged = 0;

  canvas.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    if (pointers.size === 1) dragged = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    dragged += Math.abs(dx) + Math.abs(dy);
    pointers.set(event.pointerId, event);
    if (dragged < 5) return;
    // Only now: a captured pointer's click would not reach the node below it.
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("moving");
    if (other) {
      const apart = (pointer) => Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY) || 1;
      const { left, top } = canvas.getBoundingClientRect();
      zoom(apart(event) / apart(before), other.clientX - left, other.clientY - top);
    } else {
      at.x += dx;
      at.y += dy;
      move();
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      pointers.delete(event.pointerId);
      canvas.classList.remove("moving");
    });
  }
  canvas.addEventListener("click", (event) => {
    if (dragged >= 5) return;
    const mark = event.target.closest(".node");
    choose(mark && Number(mark.dataset.node) !== chosen ? Number(mark.dataset.node) : null);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { left, top } = canvas.getBoundingClientRect();
      const lineHeight = event.deltaMode === 1 ? 16 : 1;
      zoom(Math.exp(-event.deltaY * lineHeight * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - left, event.clientY - top);
    },
    { passive: false },
  );

  // ---- By keyboard: one node can be reached by Tab, the others from there by arrows

  const reachableByTab = (i) => {
    marks[stop]?.setAttribute("tabindex", "-1");
    marks[i]?.setAttribute("tabindex", "0");
    stop = i;
  };

  const isThere = (i) => !marks[i].classList.contains("away");

  const nearest = (from, candidates) => {
    const far = (i) => Math.hypot(places[i].x - places[from].x, places[i].y - places[from].y);
    return candidates.filter(isThere).sort((one, other) => far(one) - far(other))[0];
  };

  const towards = {
    ArrowLeft: (i) => nearest(i, needs[i].map(({ other }) => other)),
    ArrowRight: (i) => nearest(i, needed[i].map(({ other }) => other)),
    ArrowUp: (i) => nearest(i, column(i).filter((other) => places[other].y < places[i].y)),
    ArrowDown: (i) => nearest(i, column(i).filter((other) => places[other].y > places[i].y)),
  };
  const column = (i) => nodes.map((_, other) => other).filter((other) => places[other].x === places[i].x);

  marks.forEach((mark, i) => {
    mark.setAttribute("role", "button");
    mark.setAttribute("tabindex", "-1");
    mark.setAttribute("aria-label", `${nodes[i].address}, ${nodes[i].noun}, ${nodes[i].words}`);
    mark.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(i === chosen ? null : i);
      }
      const next = towards[event.key]?.(i);
      if (event.key in towards) event.preventDefault();
      if (next === undefined) return;
      reachableByTab(next);
      marks[next].focus({ preventScroll: true });
      if (chosen === null) reveal(next, false);
      else choose(next);
    });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      filter.value = "";
      choose(null);
      return;
    }
    if (event.target === filter || event.ctrlKey || event.metaKey || event.altKey) return;
    const shortcut = { "/": () => filter.focus(), "+": () => zoom(1.25), "-": () => zoom(0.8), 0: fit }[event.key];
    if (!shortcut) return;
    event.preventDefault();
    shortcut();
  });

  // ---- The tools

  filter.addEventListener("input", show);
  filter.addEventListener("keydown", (event) => {
    const first = event.key === "Enter" ? show().indexOf(true) : -1;
    if (first < 0) return;
    choose(first, true);
    marks[first].focus({ preventScroll: true });
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") === "false"));
      if (chosen !== null && isOff("area", nodes[chosen].area)) choose(null);
      show();
    });
  }
  document.getElementById("larger").addEventListener("click", () => zoom(1.25));
  document.getElementById("smaller").addEventListener("click", () => zoom(0.8));
  document.getElementById("fit").addEventListener("click", fit);
  document.getElementById("theme").addEventListener("click", () => {
    const set = document.documentElement.style.colorScheme;
    const dark = set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.style.colorScheme = dark ? "light" : "dark";
  });
  window.addEventListener("resize", () => chosen === null && fit());

  reachableByTab(0);
  fit();
  show();
  const asked = location.hash.slice(1);
  const linked = nodes.findIndex((node) => encodeURIComponent(node.address) === asked);
  if (linked >= 0) choose(linked, true);
})();
