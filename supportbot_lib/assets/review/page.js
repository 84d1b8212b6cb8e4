// The desk without a notebook: a name, a token, and the API of the server that gave this page.
import { mount } from "./desk.js";

const API = new URL("api/", import.meta.url);
const KEPT = "supportbot-review";
const find = (id) => document.getElementById(id);
const kept = () => JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
let desk = null;

// The state for a message, or without one for the opening. Throws where the server gives none.
async function asked({ reviewer, token }, message) {
  const post = { method: "POST", body: JSON.stringify(message) };
  const reply = await fetch(new URL(encodeURIComponent(reviewer), API), {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    cache: "no-store", credentials: "omit", ...(message ? post : {}),
  });
  const said = await reply.json().catch(() => ({ detail: `the server answered ${reply.status}` }));
  if (said.said === undefined) throw Object.assign(new Error(said.detail), { status: reply.status });
  return said;
}

function leave(problem = "") {
  sessionStorage.removeItem(KEPT);
  desk?.end();
  desk = null;
  find("enter").hidden = false;
  find("who").hidden = true;
  find("token").value = "";
  find("problem").textContent = problem;
  find("reviewer").focus();
}

async function send(who, message) {
  try {
    desk?.draw(await asked(who, message));
  } catch (error) {
    if (error.status === 401) return desk?.fail("Not saved: the token is not valid any more. Open this page again.");
    desk?.fail(error.status ? `Not saved: ${error.message}.` : "Not saved: the server does not answer. What you wrote is still here; try again.");
  }
}

async function open(who) {
  const state = await asked(who);
  sessionStorage.setItem(KEPT, JSON.stringify(who));
  find("enter").hidden = true;
  find("who").hidden = false;
  find("name").textContent = who.reviewer;
  desk = mount(find("desk"), state, (message) => send(who, message));
  desk.root.focus();
}

async function enter(who) {
  try {
    await open(who);
  } catch (error) {
    leave(error.status ? `${error.message}.` : "The server does not answer.");
  }
}

find("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  enter({ reviewer: find("reviewer").value.trim(), token: find("token").value.trim() });
});
find("leave").addEventListener("click", () => leave());

// A link may carry the token behind its #, which no server sees; it is taken out of the address at once.
const given = new URLSearchParams(location.hash.slice(1));
if (location.hash) history.replaceState(null, "", location.pathname + location.search);
find("token").value = given.get("token") ?? "";
if (kept() && !given.get("token")) enter(kept());
else find("reviewer").focus();
