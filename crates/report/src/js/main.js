// Starts what is alive in the page. Everything else is there without it.

const root = document.documentElement;
const data = JSON.parse(document.getElementById("data").textContent);
const say = (text) => data.words[text] ?? text;

// Starts a part in its place. Where it fails, as in an old browser, the page says so there and is whole without it.
function start(place, part) {
  try {
    part();
  } catch (error) {
    place.replaceChildren(el("p", { className: "note" }, `${say("The live part does not run in this browser")}: ${error.message}`));
    root.dataset.failed = error.message;
  }
}

data.curves.forEach((panel, place) => {
  const figure = document.getElementById(`curve-${place}`);
  start(figure.querySelector(".drawing"), () => drawCurves(figure, panel));
});
const explorer = document.getElementById("explorer");
if (explorer) start(explorer, () => new Explorer(explorer, data.space, say));
root.dataset.ready = "yes";
