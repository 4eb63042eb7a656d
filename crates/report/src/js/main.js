// Starts what is alive in the page. Everything else is there without it.

const root = document.documentElement;
const data = JSON.parse(document.getElementById("data").textContent);
const say = (text) => data.words[text] ?? text;

data.curves.forEach((panel, place) => drawCurves(document.getElementById(`curve-${place}`), panel));
const explorer = document.getElementById("explorer");
if (explorer) {
  try {
    new Explorer(explorer, data.space, say);
  } catch (error) {
    // An old browser: the page says so and is whole without it.
    explorer.replaceChildren(el("p", { className: "note" }, `${say("The live part does not run in this browser")}: ${error.message}`));
    root.dataset.failed = error.message;
  }
}
root.dataset.ready = "yes";
