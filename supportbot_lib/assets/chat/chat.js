// The chat: questions in, streamed answers out, by the OpenAI-compatible API of the server that gave this page.
const ROOT = new URL("../", import.meta.url);
const KEPT = "supportbot-token";
const TURNS = 6;  // earlier questions that go with a new one
const WAIT = 5;  // seconds until a retry where the server names none
const BASE = "base";
const find = (id) => document.getElementById(id);

let served = "";  // the name of the tuned model
let running = null;  // what stops the answers that are being written
let refused = [];  // replies that wait for a token
let turns = [];  // questions with their tuned answers, once they are whole

class Fault extends Error {
  constructor(text, { status = 0, wait = 0 } = {}) {
    super(text);
    Object.assign(this, { status, wait });
  }
}

function make(tag, facts = {}, ...inside) {
  const { attributes = {}, ...rest } = facts, el = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, value);
  el.append(...inside);
  return el;
}

// One announcement: the same words again are said again.
function say(text) {
  find("said").textContent = "";
  setTimeout(() => { find("said").textContent = text; }, 50);
}

async function sent(path, body, signal) {
  const token = sessionStorage.getItem(KEPT), headers = token ? { authorization: `Bearer ${token}` } : {};
  const post = { method: "POST", body: JSON.stringify(body) };
  if (body) headers["content-type"] = "application/json";
  let reply;
  try {
    reply = await fetch(new URL(path, ROOT), { headers, signal, cache: "no-store", credentials: "omit", ...(body ? post : {}) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Fault("The server does not answer. Is the network there?");
  }
  if (!reply.ok) throw await fault(reply);
  return reply;
}

// What a status means to the person who asked; the server's own words where they say more.
async function fault(reply) {
  const body = await reply.json().catch(() => ({})), { status } = reply;
  const own = body.error?.message ?? (typeof body.detail === "string" ? body.detail : "");
  const later = Number(reply.headers.get("retry-after")) || WAIT;
  const known = {
    401: "The server wants a token.",
    413: "The question is too long.",
    429: "The server is busy.",
    503: "The model is not ready yet.",
    504: "The answer took too long.",
  };
  const text = [known[status] ?? "The server could not answer.", own && `(${own})`].filter(Boolean).join(" ");
  return new Fault(text, { status, wait: status === 429 || status === 503 ? Math.min(later, 3600) : 0 });
}

// The data of each event in a stream, as it comes.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", data = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
      else if (line === "" && data.length) yield data.splice(0).join("\n");
    }
  }
}

// The answer to messages: `tell` hears each piece; what is said at the end comes back.
async function answered(model, messages, signal, tell) {
  const reply = await sent("v1/chat/completions", { model, messages, stream: true, temperature: 0 }, signal);
  const end = { finish: "", passages: [], flags: [], answer_id: "" };
  try {
    for await (const data of events(reply.body)) {
      if (data === "[DONE]") return end;
      const { error, choices = [], supportbot = {} } = JSON.parse(data);
      if (error) throw new Fault(`The answer broke off. (${error.message})`);
      if (choices[0]?.delta?.content) tell(choices[0].delta.content);
      Object.assign(end, supportbot, choices[0]?.finish_reason ? { finish: choices[0].finish_reason } : {});
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof Fault) throw error;
  }
  throw new Fault("The answer broke off before its end.");
}

// Text as text: fences become code blocks, backticks code; nothing in it is ever HTML.
function written(text) {
  return text.split(/^```[^\n]*\n?/m).map((part, at) => {
    if (at % 2) return make("pre", { tabIndex: 0 }, make("code", { textContent: part.replace(/\n$/, "") }));
    const words = part.split(/`([^`\n]+)`/).map((bit, n) => (n % 2 ? make("code", { textContent: bit }) : bit));
    return make("span", { className: "plain" }, ...words);
  });
}

async function copy(text, from) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {  // without https there is no clipboard; a selection can be copied by hand
    getSelection().selectAllChildren(from);
    say("Selected: copy it with your keys.");
  }
}

// One answer on the page, of the tuned model or of the base.
class Reply {
  constructor(model, messages, title) {
    Object.assign(this, { model, messages, title, text: "", whole: false });
    this.box = make("div", { className: "text" });
    this.more = make("div", { className: "more" });
    this.root = make("section", { className: "reply", attributes: { "aria-label": title } });
    this.root.append(make("h3", { textContent: title }), this.box, this.more);
  }

  async ask(signal) {
    Object.assign(this, { text: "", whole: false, problem: "" });
    clearInterval(this.clock);
    this.more.replaceChildren();
    this.root.classList.add("writing");
    this.draw();
    try {
      const end = await answered(this.model, this.messages, signal, (piece) => this.tell(piece));
      this.whole = true;
      this.finish(end);
    } catch (error) {
      this.fail(error);
    } finally {
      this.root.classList.remove("writing");
    }
  }

  // Pieces come faster than a screen shows them.
  tell(piece) {
    this.text += piece;
    this.due ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.due = cancelAnimationFrame(this.due) ?? null;
    const below = document.documentElement, stuck = below.scrollHeight - below.clientHeight - below.scrollTop < 80;
    this.box.replaceChildren(...written(this.text));
    if (stuck) below.scrollTop = below.scrollHeight;
  }

  finish({ finish, passages, flags, answer_id: id }) {
    this.draw();
    if (!this.text.trim()) this.note("The model said nothing.");
    if (finish === "length") this.note("The answer was cut at its greatest length.");
    if (flags.length) this.note(`Rules that were applied: ${flags.join(", ")}.`);
    if (passages.length) this.more.append(sources(passages));
    const tools = make("div", { className: "row tools" });
    tools.append(button("Copy", () => copy(this.text, this.box)));
    this.more.append(tools);
    if (id && this.model !== BASE) opinion(this, id, tools);
  }

  note(text, bad = false) {
    this.more.append(make("p", { className: bad ? "note bad" : "note", textContent: text }));
  }

  fail(error) {
    this.draw();
    if (error.name === "AbortError") {
      this.problem = "Stopped.";
      this.note(this.problem);
      return this.again(0);
    }
    if (!(error instanceof Fault)) console.error(error);
    this.problem = error instanceof Fault ? error.message : "Something on this page went wrong.";
    this.note(this.problem, true);
    if (error.status === 401) {
      refused.push(this);
      return open("The server wants a token. What you asked is kept.");
    }
    this.again(error.wait ?? 0);
  }

  // A button to try again, which counts down as long as the server asked for.
  again(seconds) {
    const act = () => { if (!running && this.left <= 0) { find("question").focus(); run([this]); } };
    const knob = button("Try again", act);
    const show = () => {
      knob.textContent = this.left > 0 ? `Try again in ${this.left} s` : "Try again";
      knob.setAttribute("aria-disabled", String(this.left > 0));
    };
    const tick = () => {
      this.left -= 1;
      show();
      if (this.left <= 0) clearInterval(this.clock);
    };
    this.left = Math.ceil(seconds);
    show();
    if (this.left > 0) this.clock = setInterval(tick, 1000);
    this.more.append(knob);
  }
}

function button(text, act) {
  const knob = make("button", { type: "button", textContent: text });
  knob.addEventListener("click", act);
  return knob;
}

function sources(passages) {
  const rows = passages.map(({ id, title, text }) => make("li", {}, title || id, ...(text ? [make("p", { textContent: text })] : [])));
  return make("details", { className: "sources" }, make("summary", { textContent: `Sources (${rows.length})` }), make("ol", {}, ...rows));
}

// Thumbs, and an answer that would have been better.
function opinion(reply, id, tools) {
  const knobs = { up: button("Helpful", () => vote("up")), down: button("Not helpful", () => vote("down")) };
  const said = make("span", { className: "quiet" });
  const better = field("textarea", "A better answer", { rows: 4, maxLength: 8000, value: reply.text });
  const note = field("input", "A note", { maxLength: 1000 });
  const form = make("form", { className: "better" }, better.label, note.label, make("button", { type: "submit", textContent: "Send" }));
  const fold = make("details", { hidden: true }, make("summary", { textContent: "Write a better answer" }), form);
  let thumb = "";

  async function tell(more, thanks) {
    try {
      await sent("feedback", { answer_id: id, thumb, ...more });
      said.textContent = thanks;
    } catch (error) {
      said.textContent = error.status === 404 ? "Not saved: this server keeps no opinions." : `Not saved. ${error.message}`;
      if (error.status === 401) open("The server wants a token. Then press again.");
    }
    say(said.textContent);
  }

  async function vote(which) {
    thumb = which;
    for (const [name, knob] of Object.entries(knobs)) knob.setAttribute("aria-pressed", String(name === which));
    fold.hidden = false;
    await tell({}, "Thank you.");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const edit = better.box.value.trim(), words = note.box.value.trim();
    tell({ ...(edit && edit !== reply.text.trim() ? { edit } : {}), ...(words ? { note: words } : {}) }, "Thank you, it is saved.");
  });
  for (const knob of Object.values(knobs)) knob.setAttribute("aria-pressed", "false");
  tools.append(knobs.up, knobs.down, said);
  reply.more.append(fold);
}

function field(tag, label, facts) {
  const box = make(tag, facts);
  return { box, label: make("label", {}, label, box) };
}

// Ask for a token; what was asked waits.
function open(problem) {
  find("door").hidden = false;
  find("problem").textContent = problem;
  find("token").focus();
}

function busy(on) {
  find("stop").hidden = !on;
  find("send").setAttribute("aria-disabled", String(on));
  if (!on && document.activeElement === find("stop")) find("question").focus();
}

// Let some replies be written, side by side, until they end or are stopped.
async function run(replies) {
  const control = running = new AbortController();
  busy(true);
  say("The answer is being written.");
  await Promise.all(replies.map((reply) => reply.ask(control.signal)));
  if (running !== control) return;
  if (document.activeElement === find("stop")) find("question").focus();
  running = null;
  busy(false);
  say(replies.map((reply) => `${reply.title}: ${reply.problem || reply.text}`).join("\n"));
}

function messagesFor(question) {
  const earlier = turns.filter(({ reply }) => reply.whole && reply.text.trim()).slice(-TURNS);
  const before = earlier.flatMap(({ question: asked, reply }) => [
    { role: "user", content: asked },
    { role: "assistant", content: reply.text },
  ]);
  return [...before, { role: "user", content: question }];
}

function ask() {
  const question = find("question").value.trim();
  if (!question || running) return;
  const messages = messagesFor(question), compared = find("compare").checked;
  const replies = [new Reply(served || "supportbot", messages, compared ? "Tuned" : "Answer")];
  if (compared) replies.push(new Reply(BASE, messages, "Base"));
  turns.push({ question, reply: replies[0] });
  const title = make("h2", { className: "unseen", textContent: `Question ${turns.length}` });
  const asked = make("p", { className: "asked", textContent: question });
  const both = make("div", { className: "replies" }, ...replies.map((reply) => reply.root));
  find("turns").append(make("article", {}, title, asked, both));
  find("question").value = "";
  document.documentElement.scrollTop = document.documentElement.scrollHeight;
  run(replies);
}

function fresh() {
  running?.abort();
  running = null;
  busy(false);
  [turns, refused] = [[], []];
  find("turns").replaceChildren();
  find("question").focus();
  say("A new conversation.");
}

// The name of the tuned model; a server that wants a token says so here already.
async function begin() {
  try {
    const { data } = await (await sent("v1/models")).json();
    served = data.find(({ id }) => id !== BASE)?.id ?? served;
    find("served").textContent = served;
  } catch (error) {
    if (error.status === 401) open(sessionStorage.getItem(KEPT) ? "The token is not valid." : "The server wants a token.");
  }
}

async function enter(token) {
  sessionStorage.setItem(KEPT, token);
  find("door").hidden = true;
  find("token").value = "";
  find("question").focus();
  const waiting = refused.splice(0);
  await begin();
  if (!find("door").hidden) {
    refused.push(...waiting);
    return;
  }
  for (const reply of waiting) reply.model = reply.model === BASE ? BASE : served || reply.model;
  if (waiting.length) run(waiting);
}

find("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
find("question").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  ask();
});
find("door").addEventListener("submit", (event) => {
  event.preventDefault();
  enter(find("token").value.trim());
});
find("stop").addEventListener("click", () => running?.abort());
find("fresh").addEventListener("click", fresh);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") running?.abort(); });

// A link may carry the token behind its #, which no server sees; it is taken out of the address at once.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  sessionStorage.setItem(KEPT, given);
  history.replaceState(null, "", location.pathname + location.search);
}
find("question").focus();
begin();
