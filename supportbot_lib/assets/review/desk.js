// The review desk: draws a state, sends messages. It knows nothing of arms, files or transports.
// In a notebook anywidget calls `render`; on the page of the server, page.js calls `mount`.

const CHOICES = [["A", "A is better"], ["B", "B is better"], ["tie", "Tie"], ["both bad", "Both bad"]];
const SIDES = ["A", "B"];
const FLAGS = [["hallucination", "Hallucination"], ["unsafe", "Unsafe"], ["off topic", "Off topic"]];
const ACTIONS = {
  "A": "A is better", "B": "B is better", "tie": "Tie", "both bad": "Both bad",
  "back": "Back", "forward": "Forward", "undo": "Take back the last vote",
  "note": "Write a note", "edit": "Write a better answer", "marks": "Mark unsupported claims",
  "reference": "Open or close the reference", "evidence": "Open or close the evidence",
  "help": "This list",
};
const LONG = { note: 2000, better: 8000 };  // characters
const PATIENCE = 8000;  // milliseconds until a reply is missed
const REMEMBERED = "supportbot-review-marks";
const MARKED = /\n*```(?:\w*\n)?([\s\S]*?)(?:```|$)\n*|`([^`\n]+)`|\*\*(\S[^*\n]*)\*\*/dg;
const TAGS = ["pre", "code", "b"];
let count = 0;

// An element with properties, attributes (names with a dash, role, for) and children. A notebook that looks for its
// shortcuts before a widget gets the key asks the element with the focus alone, so each of them says no.
function h(tag, settings = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name.includes("-") || ["role", "for", "max"].includes(name)) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.setAttribute("data-lm-suppress-shortcuts", "true");
  made.append(...children);
  return made;
}

function remembered() {
  try { return localStorage.getItem(REMEMBERED) === "on"; } catch { return false; }
}

function remember(on) {
  try { localStorage.setItem(REMEMBERED, on ? "on" : "off"); } catch { /* private window: forgotten */ }
}

// Where the claims of a text stand; the pieces come cut by the sender, so no offset is converted.
function places(pieces) {
  let at = 0;
  const found = [];
  for (const [part, why] of pieces) {
    if (why) found.push({ start: at, end: at + part.length, why });
    at += part.length;
  }
  return found;
}

function markOf(words, place, first) {
  const mark = h("mark", { className: "sb-mark" }, words);
  mark.dataset.why = place.why;
  if (first) {
    mark.tabIndex = 0;
    mark.append(h("span", { className: "sb-unseen" }, ` (${place.why})`));
  }
  return mark;
}

// Part of a text with its claims marked; a claim that was cut by other markup is one stop of the Tab key.
function put(parent, text, start, end, found) {
  let at = start;
  for (const place of found) {
    const from = Math.max(place.start, start), to = Math.min(place.end, end);
    if (from >= to) continue;
    parent.append(text.slice(at, from), markOf(text.slice(from, to), place, !place.told));
    place.told = true;
    at = to;
  }
  parent.append(text.slice(at, end));
}

// A text as text: only code, fences and bold words are set off; nothing in it becomes markup.
function write(box, pieces, marks) {
  const text = pieces.map(([part]) => part).join("");
  const found = marks ? places(pieces) : [];
  box.replaceChildren();
  if (!text.trim()) box.append(h("i", {}, "(empty)"));
  let at = 0;
  for (const match of text.matchAll(MARKED)) {
    const nth = [1, 2, 3].find((n) => match[n] !== undefined);
    put(box, text, at, match.index, found);
    const inner = h(TAGS[nth - 1]), start = match.indices[nth][0];
    put(inner, text, start, start + match[nth].trimEnd().length, found);
    box.append(inner);
    at = match.index + match[0].length;
  }
  put(box, text, at, text.length, found);
}

function fold(title, ...inside) {
  return h("details", {}, h("summary", {}, title), ...inside);
}

// A box that scrolls can be reached by Tab, so that its end can be read without a mouse.
function scroller(className, label) {
  return h("div", { className, tabIndex: 0, role: "region", "aria-label": label });
}

function plain(text, box = h("div", { className: "sb-plain" })) {
  write(box, [[text, null]], false);
  return box;
}

// The parts of the desk, made once; drawing fills them, so that the focus stays where it is.
function build(id) {
  const button = (text, settings = {}) => h("button", { type: "button", textContent: text, ...settings });
  const ui = { flags: {}, answers: {}, votes: {} };
  ui.place = h("strong", { className: "sb-place" });
  ui.bar = h("progress", { "aria-label": "Judged" });
  ui.pace = h("span", { className: "sb-pace" });
  ui.help = button("Keys");
  ui.task = h("p", { className: "sb-task" });
  ui.earlier = h("p", { className: "sb-earlier" });
  ui.asked = h("div", { className: "sb-asked" });
  for (const side of SIDES) {
    const text = scroller("sb-text", `Answer ${side}`), tip = h("p", { className: "sb-tip", role: "tooltip", hidden: true });
    ui.answers[side] = { text, tip, box: h("div", { className: "sb-answer" }, h("h2", {}, `Answer ${side}`), text, tip) };
  }
  for (const [choice, label] of CHOICES) ui.votes[choice] = button(label, { className: "sb-vote" });
  [ui.back, ui.forward, ui.undo] = ["Back", "Forward", "Undo"].map((text) => button(text));
  ui.marks = h("input", { type: "checkbox", role: "switch", id: `${id}-marks`, "aria-describedby": `${id}-proxy` });
  ui.proxy = h("small", { id: `${id}-proxy` });
  for (const side of SIDES) for (const [kind] of FLAGS) {
    ui.flags[`${side} ${kind}`] = h("input", { type: "checkbox", id: `${id}-${side}-${kind.replace(" ", "-")}` });
  }
  ui.note = h("textarea", { rows: 2, id: `${id}-note`, maxLength: LONG.note });
  ui.better = h("textarea", { rows: 4, id: `${id}-better`, maxLength: LONG.better });
  ui.fills = ["Fill from A", "Fill from B", "Fill from reference"].map((text) => button(text));
  ui.reference = h("div", { className: "sb-plain" });
  ui.evidence = h("div", { className: "sb-evidence" });
  ui.said = h("p", { className: "sb-said", role: "status", "aria-live": "polite" });
  ui.close = button("Close");
  ui.keys = h("dl");
  return ui;
}

function flagRows(ui, id) {
  return SIDES.map((side) => h("span", { className: "sb-flags", role: "group", "aria-label": `Flags on answer ${side}` },
    h("span", {}, `Flags on ${side}:`),
    ...FLAGS.map(([kind, label]) => h("label", {}, ui.flags[`${side} ${kind}`], ` ${label}`))));
}

// The parts in their places.
function arrange(ui, id) {
  const hinted = CHOICES.map(([choice]) => h("span", {}, ui.votes[choice], h("kbd", { "aria-hidden": "true" })));
  ui.hints = hinted.map((span) => span.lastChild);
  ui.betterFold = fold("A better answer", h("label", { for: `${id}-better`, className: "sb-unseen" }, "A better answer"),
    ui.better, h("div", { className: "sb-row" }, ...ui.fills));
  ui.referenceFold = fold("Reference answer", ui.reference);
  ui.evidenceFold = fold("Evidence", ui.evidence);
  ui.dialog = h("dialog", { className: "sb-help", "aria-labelledby": `${id}-keys` },
    h("h2", { id: `${id}-keys` }, "Keys"),
    h("p", {}, "They act while the desk has the focus and no text is being written. Escape leaves a text."),
    ui.keys, h("div", { className: "sb-row" }, ui.close));
  ui.sheet = h("div", { className: "sb-sheet" }, ui.asked,
    h("div", { className: "sb-answers" }, ui.answers.A.box, ui.answers.B.box));
  ui.voting = h("div", { className: "sb-row sb-votes", role: "group", "aria-label": "Vote" }, ...hinted);
  ui.form = h("div", { className: "sb-form" },
    h("p", { className: "sb-switch" }, h("label", {}, ui.marks, " Mark unsupported claims"), " ", ui.proxy),
    h("div", { className: "sb-row", role: "group", "aria-label": "Flags" }, ...flagRows(ui, id)),
    h("label", { for: `${id}-note` }, "Note"), ui.note,
    ui.betterFold, ui.referenceFold, ui.evidenceFold);
  ui.moves = h("div", { className: "sb-row sb-moves" }, ui.back, ui.forward, ui.undo, ui.help);
  return h("section", { className: "sb-desk", "aria-label": "Review desk", tabIndex: -1 },
    h("div", { className: "sb-row sb-top" }, ui.place, ui.bar, ui.pace),
    ui.said, ui.task, ui.earlier, ui.sheet, ui.voting, ui.moves, ui.form, ui.dialog);
}

function titled(title, ...inside) {
  return [h("h2", {}, title), ...inside];
}

function drawQuestion(ui, pair) {
  const turns = pair.history.map(({ role, text }) => h("li", {}, h("b", {}, `${role}: `), text));
  const before = scroller("sb-plain sb-long", "Before"), context = scroller("sb-plain sb-long", "Context");
  before.append(h("ol", {}, ...turns));
  ui.asked.replaceChildren(
    ...(turns.length ? titled("Before", before) : []),
    ...titled("Question", plain(pair.question)),
    ...(pair.context ? titled("Context", plain(pair.context, context)) : []));
}

function drawEvidence(ui, { passages, missing }) {
  const parts = passages.map(({ title, text }) => h("div", {}, h("h3", {}, title), plain(text)));
  if (missing) parts.push(h("p", {}, `${missing} of the passages are not kept with this run.`));
  if (!parts.length) parts.push(h("p", {}, "No passage is known for this question."));
  ui.evidence.replaceChildren(...parts);
  ui.evidenceFold.firstChild.textContent = `Evidence (${passages.length})`;
}

function drawKeys(ui, keys) {
  const flags = Object.fromEntries(SIDES.flatMap((side) => FLAGS.map(([kind, label]) => [`${side} ${kind}`, `Flag ${side}: ${label}`])));
  const named = { ...ACTIONS, ...flags };
  const signs = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };
  const shown = (key) => (/^[A-Z]$/.test(key) ? `Shift+${key}` : /^[a-z]$/.test(key) ? key.toUpperCase() : signs[key] ?? key);
  ui.keys.replaceChildren(...Object.entries(keys).flatMap(([action, list]) => [
    h("dt", {}, ...list.flatMap((key, at) => [...(at ? [" or "] : []), h("kbd", {}, shown(key))])), h("dd", {}, named[action] ?? action)]));
  CHOICES.forEach(([choice], at) => {
    ui.hints[at].textContent = keys[choice].map(shown).join(" ");
    ui.votes[choice].setAttribute("aria-keyshortcuts", keys[choice].map(shown).join(" "));
  });
}

// The reason of a mark, beside it: on hover and on focus; Escape hides it.
function tipsOf(answer, signal) {
  const { text, tip, box } = answer;
  let leaving = 0;
  const hide = () => { tip.hidden = true; };
  const show = (event) => {
    const mark = event.target.closest?.(".sb-mark");
    if (!mark) return;
    clearTimeout(leaving);
    tip.textContent = mark.dataset.why;
    tip.hidden = false;
    const here = mark.getClientRects()[0] ?? mark.getBoundingClientRect(), frame = box.getBoundingClientRect();
    tip.style.left = `${Math.max(0, Math.min(here.left - frame.left, frame.width - tip.offsetWidth))}px`;
    tip.style.top = `${here.bottom - frame.top + 4}px`;
  };
  const leave = () => { clearTimeout(leaving); leaving = setTimeout(hide, 200); };
  text.addEventListener("mouseover", show, { signal });
  text.addEventListener("focusin", show, { signal });
  text.addEventListener("mouseout", leave, { signal });
  text.addEventListener("focusout", hide, { signal });
  text.addEventListener("scroll", hide, { signal });
  tip.addEventListener("mouseenter", () => clearTimeout(leaving), { signal });
  tip.addEventListener("mouseleave", leave, { signal });
  return hide;
}

// The name of a pressed key as the map has it: letters by Shift alone, digits on any layout.
function named(event, known) {
  if (/^\p{L}$/u.test(event.key)) return event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  return digit && !known.has(event.key) ? digit[1] : event.key;
}

class Desk {
  constructor(el, send) {
    this.id = `sb-${Date.now().toString(36)}-${count++}`;
    this.send = send;
    this.drafts = new Map();  // what was written on a pair and not saved yet, by its number
    this.ending = new AbortController();
    this.ui = build(this.id);
    this.root = arrange(this.ui, this.id);
    this.ui.marks.checked = remembered();
    this.listen();
    el.append(this.root);
  }

  on(target, name, act) { target.addEventListener(name, act, { signal: this.ending.signal }); }

  listen() {
    const ui = this.ui;
    for (const [choice] of CHOICES) this.on(ui.votes[choice], "click", (event) => { if (event.detail < 2) this.vote(choice); });
    this.on(ui.back, "click", () => this.go(-1));
    this.on(ui.forward, "click", () => this.go(1));
    this.on(ui.undo, "click", () => this.tell({ kind: "undo" }));
    this.on(ui.help, "click", () => ui.dialog.showModal());
    this.on(ui.close, "click", () => ui.dialog.close());
    this.on(ui.dialog, "close", () => this.root.focus());
    this.on(ui.marks, "change", () => this.mark(ui.marks.checked));
    ["A", "B", "reference"].forEach((from, at) => this.on(ui.fills[at], "click", () => this.fill(from)));
    for (const box of [ui.note, ui.better, ...Object.values(ui.flags)]) this.on(box, "input", () => this.keep());
    this.hides = SIDES.map((side) => tipsOf(ui.answers[side], this.ending.signal));
    this.on(this.root, "keydown", (event) => this.key(event));
    for (const name of ["keyup", "keypress"]) this.on(this.root, name, (event) => event.stopPropagation());
  }

  // What acts on a key; the list of keys comes with the state.
  does(action) {
    const ui = this.ui, [side, ...kind] = action.split(" "), flag = ui.flags[action];
    if (CHOICES.some(([choice]) => choice === action)) return this.vote(action);
    if (flag && kind.length) return this.press(flag);
    const acts = {
      back: () => this.go(-1), forward: () => this.go(1), undo: () => this.tell({ kind: "undo" }),
      note: () => ui.note.focus(), edit: () => { ui.betterFold.open = true; ui.better.focus(); },
      marks: () => this.press(ui.marks), help: () => ui.dialog.showModal(),
      reference: () => { ui.referenceFold.open = !ui.referenceFold.open; },
      evidence: () => { ui.evidenceFold.open = !ui.evidenceFold.open; },
    };
    return acts[action]?.();
  }

  press(box) {
    if (box.disabled || !this.state.pair) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event(box === this.ui.marks ? "change" : "input"));
    const label = box.closest("label").textContent.trim(), group = box.closest(".sb-flags");
    this.say(`${group ? `${group.firstChild.textContent} ` : ""}${label} ${box.checked ? "on" : "off"}.`);
  }

  key(event) {
    event.stopPropagation();
    if (this.ui.dialog.open || event.isComposing) return;
    const writing = event.target.closest("textarea, input:not([type=checkbox]), select");
    if (event.key === "Escape") {
      this.hides.forEach((hide) => hide());
      if (writing) this.root.focus();
      return;
    }
    if (writing || event.ctrlKey || event.altKey || event.metaKey) return;
    const pressed = named(event, this.actions), action = this.actions.get(pressed);
    if (action === undefined) return;
    event.preventDefault();
    if (!event.repeat) this.does(action);
  }

  form() {
    const flags = [];
    for (const side of SIDES) for (const [kind] of FLAGS) if (this.ui.flags[`${side} ${kind}`].checked) flags.push({ side, kind });
    return { note: this.ui.note.value, better: this.ui.better.value, flags };
  }

  fillForm({ note, better, flags }) {
    if (this.ui.note.value !== note) this.ui.note.value = note;
    if (this.ui.better.value !== better) this.ui.better.value = better;
    for (const [name, box] of Object.entries(this.ui.flags)) box.checked = flags.some((f) => `${f.side} ${f.kind}` === name);
    this.ui.betterFold.open = better !== "" || this.ui.better === document.activeElement;
  }

  keep() {
    if (!this.state.pair) return;
    this.drafts.set(this.state.at, this.form());
    this.drawEarlier();
  }

  fill(from) {
    const pair = this.state.pair, whole = (pieces) => pieces.map(([part]) => part).join("");
    this.ui.better.value = (from === "reference" ? pair.reference : whole(pair[from])).slice(0, LONG.better);
    this.keep();
    this.ui.better.focus();
  }

  mark(on) {
    remember(on);
    this.drawAnswers();
  }

  vote(choice) {
    if (!this.state.pair) return;
    const marked = this.state.marks && this.ui.marks.checked;
    this.tell({ kind: "vote", choice, marked, ...this.form() });
  }

  go(step) {
    if (step < 0 ? this.state.back : this.state.forward) this.tell({ kind: "go", step });
    else this.say(step < 0 ? "This is the first question." : "Vote first; then comes the next question.");
  }

  // One message at a time. Where no reply comes, the reviewer is told, and nothing that was written is lost.
  tell(message) {
    if (this.waiting) return this.say("One moment: the last vote is being saved.");
    const missed = () => {
      this.settle();
      this.fail("No answer yet, so this may not be saved. What you wrote is still here. Try again; in a notebook, run the cell again.");
    };
    this.waiting = setTimeout(missed, PATIENCE);
    this.root.setAttribute("aria-busy", "true");
    this.sent = { at: this.state.at, kind: message.kind };
    this.send({ turn: this.state.turn, ...message });
  }

  settle() {
    clearTimeout(this.waiting);
    this.waiting = 0;
    this.root.removeAttribute("aria-busy");
  }

  say(text, bad = false) {
    const { said } = this.ui;
    said.classList.toggle("sb-bad", bad);
    said.textContent = "";
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { said.textContent = text; }, 30);
  }

  fail(text) {
    this.settle();
    this.say(text, true);
  }

  drawAnswers() {
    const { pair, marks } = this.state;
    if (!pair) return;
    for (const side of SIDES) {
      const { text, tip } = this.ui.answers[side];
      tip.hidden = true;
      write(text, pair[side], marks && this.ui.marks.checked);
    }
  }

  drawPlace() {
    const { ui, state } = this, shown = state.pair !== null;
    ui.place.textContent = state.place;
    [ui.bar.max, ui.bar.value] = [Math.max(state.n, 1), state.judged];
    ui.pace.textContent = state.pace;
    ui.task.textContent = state.task;
    this.drawEarlier();
    for (const part of [ui.sheet, ui.voting, ui.form]) part.hidden = !shown;
    for (const [choice, button] of Object.entries(ui.votes)) button.setAttribute("aria-pressed", String(state.choice === choice));
    for (const [button, able] of [[ui.back, state.back], [ui.forward, state.forward], [ui.undo, state.undo]]) {
      button.setAttribute("aria-disabled", String(!able));
    }
    ui.marks.disabled = !state.marks;
    ui.proxy.textContent = state.marks ? "Found by rule, a proxy: it can be wrong both ways." : "No claims were checked in these answers.";
  }

  drawEarlier() {
    const { choice, at, earlier } = this.state, loose = choice && this.drafts.has(at);
    this.ui.earlier.textContent = `${earlier}${loose ? " What you changed is not saved until then." : ""}`;
  }

  // The next question begins at its beginning, wherever the last one was left.
  turnPage() {
    this.ui.referenceFold.open = this.ui.evidenceFold.open = false;
    for (const side of SIDES) this.ui.answers[side].text.scrollTop = 0;
    if (this.ui.place.getBoundingClientRect().top < 0) this.root.scrollIntoView({ block: "start" });
  }

  drawPair() {
    const { ui, state } = this, { pair } = state;
    if (!pair) return;
    drawQuestion(ui, pair);
    this.drawAnswers();
    plain(pair.reference, ui.reference);
    drawEvidence(ui, pair.evidence);
    this.fillForm(this.drafts.get(state.at) ?? state.form);
  }

  draw(state) {
    const before = this.state, within = this.root.contains(document.activeElement);
    const answered = before !== undefined && state.reply !== before.reply, ok = state.said.status === "ok";
    this.settle();
    if (answered && ok && this.sent?.kind === "vote") this.drafts.delete(this.sent.at);
    this.state = state;
    this.actions = new Map(Object.entries(state.keys).flatMap(([action, list]) => list.map((key) => [key, action])));
    if (!before || before.turn !== state.turn) {
      drawKeys(this.ui, state.keys);
      this.drawPlace();
      this.drawPair();
      if (before && before.at !== state.at) this.turnPage();
    }
    if (within && !this.root.contains(document.activeElement)) this.root.focus();
    if (answered && state.said.text) this.say(state.said.text, !ok);
  }

  end() {
    this.settle();
    clearTimeout(this.saying);
    this.ending.abort();
    this.root.remove();
  }
}

// A desk in `el`: `draw` shows a state, `fail` says why a message had none, `end` takes it away.
export function mount(el, state, send) {
  const desk = new Desk(el, send);
  desk.draw(state);
  return desk;
}

export function render({ model, el }) {
  const desk = mount(el, model.get("state"), (message) => model.send(message));
  const drawn = () => desk.draw(model.get("state"));
  model.on("change:state", drawn);
  return () => {
    model.off("change:state", drawn);
    desk.end();
  };
}

export default { render };
