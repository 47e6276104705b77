// Figures that share a place: the radio button that is checked says which one is shown. Without
// this script all of their tables are.
{
  const buttons = [...document.querySelectorAll('[data-shows]')];
  const placeOf = button => document.getElementById(button.dataset.shows);

  // What was drawn while it was hidden has no size yet. What was not is drawn once it is near.
  function fit(plot) {
    if (plot.dataset.ready) window.Plotly.Plots.resize(plot);
  }

  function showChosen(name) {
    for (const button of buttons) if (button.name === name) placeOf(button).hidden = !button.checked;
    for (const button of buttons) if (button.name === name && button.checked) placeOf(button).querySelectorAll('.plot').forEach(fit);
  }

  for (const button of buttons) button.addEventListener('change', () => showChosen(button.name));
  new Set(buttons.map(button => button.name)).forEach(showChosen);
}
