// Draws the figures. Verdict, tables and interval marks stand in the page without this script.
// No statistics here: what a reader's smoothing changes is computed, everything else comes as data.
(async () => {
  const root = document.documentElement;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const report = await dataOf('report-data');
  const { variants, cells, curves, baseline } = report;
  bindVariants(report);

  // ---- data ---------------------------------------------------------------------------------

  const [, length] = curves.shape, planes = await unpack(curves.element);
  const stored = storedCells(unshuffle(planes, curves.shuffle), curves), losses = stored.map(cell => cell.mean);
  const view = viewOf(report, length), { state, fresh, SWITCHES, X_AXES, pairedAxis, full, smoothingRange, toFragment, fromFragment } = view;
  const { layoutOf, endLabels, margin, plain, ...figures } = figuresOf(report, stored, view);
  const picks = picksOf(report, view, { endLabels, margin, plain });
  for (const [id, figure] of Object.entries(report.figures)) figures[id] = picks.drawStatic(figure);

  // ---- colours ---------------------------------------------------------------------------------------------

  const probe = document.body.appendChild(document.createElement('span'));
  probe.hidden = true;
  let palette = new Map();
  function token(name) {
    if (!palette.has(name)) { probe.style.color = `var(--${name})`; palette.set(name, getComputedStyle(probe).color); }
    return palette.get(name);
  }
  // '@v2/0.2' is the variable --v2 of the theme at a fifth of its strength.
  function colour(text) {
    const [name, opacity] = text.slice(1).split('/');
    return opacity ? token(name).replace('rgb(', 'rgba(').replace(')', `, ${opacity})`) : token(name);
  }
  function themed(value, key = '') {
    if (typeof value === 'string') return /color$/.test(key) && value[0] === '@' ? colour(value) : value;
    if (Array.isArray(value)) return value.length && typeof value[0] === 'number' ? value : value.map(each => themed(each, key));
    if (!value || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, themed(each, name)]));
  }

  // ---- drawing: what is near the screen ------------------------------------------------------------------------

  const CONFIG = {
    displaylogo: false, showTips: false, showSendToCloud: false, plotlyServerURL: '', responsive: true, displayModeBar: 'hover', scrollZoom: false,
    doubleClick: 'reset', modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d', 'toImage'],
  };
  const drawn = new Set();
  const linked = ['curves', 'difference'];

  const tell = (id, note) => { if (note) find(`#note-${id}`).textContent = note; };

  // What is near the screen is drawn, once; what is hidden comes near when it is shown.
  const near = new IntersectionObserver(entries => entries.filter(entry => entry.isIntersecting).forEach(({ target }) => {
    near.unobserve(target);
    draw(target.id.slice('figure-'.length));
  }), { rootMargin: '700px 0px' });

  async function draw(id) {
    const place = find('#figure-' + id);
    if (!place || !window.Plotly) return;
    if (place.closest('[data-panel][hidden]')) { drawn.delete(id); near.observe(place); return; }
    const { data, layout, note } = figures[id](place);
    drawn.add(id);
    tell(id, note);
    // A figure measures itself anew when the window changes, which it does not for paper.
    const width = 'paper' in root.dataset ? { width: place.clientWidth } : {};
    await window.Plotly.react(place, themed(data), { ...themed(layoutOf(layout)), ...width }, CONFIG);
    // What was hidden when it was drawn before, or is shown while it is drawn, has another size.
    const isUnfit = place.clientWidth && Math.abs(place._fullLayout.width - place.clientWidth) > 1;
    if (isUnfit && !('paper' in root.dataset)) await window.Plotly.Plots.resize(place);
    all('.modebar-btn', place).forEach(button => button.setAttribute('tabindex', '-1'));
    if (linked.includes(id) && !place.dataset.ready) place.on('plotly_relayout', event => zoomed(id, event));
    place.dataset.ready = '1';
  }

  // The slider: only what smoothing changes is drawn again.
  async function redrawSmoothed(id) {
    const place = find('#figure-' + id);
    if (!drawn.has(id)) return;
    const { data, layout, note } = figures[id](place);
    tell(id, note);
    if (data.length !== place.data.length) { await draw(id); return; }
    const changed = data.flatMap((trace, i) => trace.meta?.what === 'raw' ? [] : [i]);
    const { yaxis, annotations } = themed(layoutOf(layout));
    await window.Plotly.update(place, { x: changed.map(i => data[i].x), y: changed.map(i => data[i].y) }, { 'yaxis.range': yaxis.range, annotations }, changed);
  }

  function zoomed(id, event) {
    const drawnAxis = id === 'curves' ? state.x : pairedAxis(state.x);
    const ratio = X_AXES[state.x].factor(baseline) / X_AXES[drawnAxis].factor(baseline);
    const value = text => (state.logx ? 10 ** text : Number(text)) * ratio;
    if ('xaxis.range[0]' in event) state.range = [value(event['xaxis.range[0]']), value(event['xaxis.range[1]'])];
    else if (event['xaxis.autorange'] || 'xaxis.range' in event) state.range = null;
    else return;
    again();
  }

  const redraw = () => Promise.all([...drawn].map(draw));
  const drawAll = () => Promise.all(Object.keys(figures).map(draw));
  const slotsNow = () => JSON.stringify([...state.slots]);
  let slotsDrawn = slotsNow();
  // Another pick changes the colours of every figure, all other choices those of the curves.
  const again = () => {
    keep();
    const isRepainted = slotsNow() !== slotsDrawn;
    slotsDrawn = slotsNow();
    return Promise.all([...drawn].filter(id => isRepainted || linked.includes(id)).map(draw));
  };

  // ---- controls --------------------------------------------------------------------------------------------------

  const slider = find('#smoothing');
  // As many digits as every step of the arrow keys needs to be found again.
  const toWeight = at => at < 0.005 ? 0 : Math.min(0.999, Math.round((1 - (1 - at) ** 2) * 10000) / 10000);
  const toPlace = p => 1 - Math.sqrt(1 - p);
  let speaking = 0;

  function say() {
    const range = smoothingRange(), memory = Math.round(1 / (1 - decay(state.kind, state.p, range)));
    const share = Math.round(100 * memory / length);
    const sentence = state.as ? `The thick line is ${dashboardWords(state.as)}. The smoothing controls or Reset end that.` : state.p
      ? `Each point of the thick line remembers about ${memory === 1 ? 'one step' : `${memory.toLocaleString('en')} steps`} (${share < 1 ? '< 1' : share} % of the run) and lags behind by as many.`
      : 'No smoothing: the thick line is the mean over seeds of the raw loss.';
    clearTimeout(speaking);
    speaking = setTimeout(() => { find('#memory').textContent = sentence; }, 150);
  }

  // The reader's own smoothing ends a dashboard's view.
  const smoothBy = (p, kind = state.kind) => Object.assign(state, { p, kind, as: null });

  function keep() {
    picks.paint();
    if (!slider) return;
    say();
    find('#smoothing-value').textContent = String(state.p);
    slider.value = toPlace(state.p);
    slider.setAttribute('aria-valuetext', String(state.p));
    find('#reset').hidden = !toFragment();
    find('#kind').value = state.kind;
    find('#x-axis').value = state.x;
    for (const key of SWITCHES) find('#' + key).checked = state[key];
    all('[data-variant]').forEach(box => { box.checked = !state.off.has(Number(box.dataset.variant)); });
    all('[data-seed]').forEach(box => { box.checked = state.seeds.has(Number(box.dataset.seed)); });
    // Some browsers refuse to change the address of a file.
    try { history.replaceState(null, '', toFragment() || location.pathname + location.search); } catch { /* the view cannot be quoted */ }
  }

  const toggle = (set, item, on) => { if (on) set.add(item); else set.delete(item); };

  function bindControls() {
    let frame = 0;
    slider.addEventListener('input', () => {
      smoothBy(toWeight(Number(slider.value)));
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => { keep(); linked.forEach(redrawSmoothed); });
    });
    all('[data-smoothing]').forEach(button => button.addEventListener('click', () => { smoothBy(Number(button.dataset.smoothing)); again(); }));
    find('#kind').addEventListener('change', event => { smoothBy(state.p, event.target.value); again(); });
    find('#x-axis').addEventListener('change', event => { state.x = event.target.value; state.range = null; again(); });
    for (const key of SWITCHES) find('#' + key).addEventListener('change', event => { state[key] = event.target.checked; again(); });
    all('[data-variant]').forEach(box => box.addEventListener('change', () => { toggle(state.off, Number(box.dataset.variant), !box.checked); again(); }));
    all('[data-seed]').forEach(box => box.addEventListener('change', () => { toggle(state.seeds, Number(box.dataset.seed), box.checked); again(); }));
    find('#reset').addEventListener('click', () => { Object.assign(state, fresh()); again(); });
    for (const id of linked) find('#figure-' + id)?.addEventListener('keydown', zoomByKey);
    addEventListener('hashchange', () => { if (fromFragment()) show(); });
    all('[data-address]').forEach(button => button.addEventListener('click', () => { location.hash = button.dataset.address; }));
  }

  // A view that an address asks for: above the figure, so that the controls that made it are seen.
  async function show() {
    await again();
    find('.controls').scrollIntoView({ block: 'start' });
    slider.focus({ preventScroll: true });
  }

  // On a focused figure: + and - zoom, the arrows move, 0 shows the whole run.
  function zoomByKey(event) {
    const whole = full(state.x), range = state.range ?? whole;
    const place = state.logx ? Math.log10 : value => value, back = state.logx ? value => 10 ** value : value => value;
    const [left, right] = range.map(place), [least, most] = whole.map(place), width = right - left, middle = (left + right) / 2;
    const moves = {
      '+': [middle - width / 3, middle + width / 3], '=': [middle - width / 3, middle + width / 3],
      '-': [middle - width * 0.75, middle + width * 0.75],
      ArrowLeft: [left - width / 5, right - width / 5], ArrowRight: [left + width / 5, right + width / 5], 0: [least, most],
    };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    let [from, to] = moves[event.key];
    if (from < least) [from, to] = [least, Math.min(most, to + (event.key.startsWith('Arrow') ? least - from : 0))];
    if (to > most) [from, to] = [Math.max(least, from - (event.key.startsWith('Arrow') ? to - most : 0)), most];
    state.range = from <= least && to >= most ? null : [back(from), back(to)];
    again();
  }

  function bindTheme() {
    const themes = ['auto', 'light', 'dark'], button = find('#theme');
    button.addEventListener('click', () => {
      const next = themes[(themes.indexOf(root.dataset.theme ?? 'auto') + 1) % 3];
      if (next === 'auto') delete root.dataset.theme; else root.dataset.theme = next;
      button.textContent = 'Theme: ' + next;
      palette = new Map();
      redraw();
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { palette = new Map(); redraw(); });
  }

  // ---- copy and download -------------------------------------------------------------------------------------------

  async function copy(button) {
    const source = find('pre', button.parentElement);
    try { await navigator.clipboard.writeText(source.textContent); button.textContent = 'Copied'; } catch {
      getSelection().selectAllChildren(source);
      button.textContent = 'Selected: press Ctrl+C';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1800);
  }

  const quoted = text => /[",\n]/.test(String(text)) ? `"${String(text).replaceAll('"', '""')}"` : text;
  function download(name, rows) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([rows.map(row => row.map(quoted).join(',')).join('\n') + '\n'], { type: 'text/csv' }));
    link.download = `${report.grid}-${name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 5000);
  }
  const cellRows = () => [['variant', 'seed', 'status', 'stopped_at_step', report.judged.length ? `loss_at_${report.judged.length}` : 'validation_loss'],
    ...cells.map(cell => [variants[cell.v].id, cell.seed, cell.status, cell.at ?? '', cell.val ?? ''])];

  // ---- start ----------------------------------------------------------------------------------------------------------

  function followScrolling() {
    const links = new Map(all('nav a').map(link => [link.hash.slice(1), link]));
    const watch = new IntersectionObserver(entries => entries.filter(entry => entry.isIntersecting).forEach(entry => {
      links.forEach(link => link.removeAttribute('aria-current'));
      links.get(entry.target.id)?.setAttribute('aria-current', 'true');
    }), { rootMargin: '-10% 0px -80% 0px' });
    all('main section[id]').forEach(section => watch.observe(section));
  }

  function redrawAtNewWidth() {
    let width = innerWidth, wait = 0;
    addEventListener('resize', () => {
      if (innerWidth === width) return;
      width = innerWidth;
      clearTimeout(wait);
      wait = setTimeout(redraw, 150);
    });
  }

  // Paper is light, and what is folded cannot be unfolded there; the tables by factor are too many for it.
  function bindPrint() {
    let before = null;
    addEventListener('beforeprint', () => {
      if (before) return;
      before = { theme: root.dataset.theme, folded: all('details:not([open], .by-factor *)'), split: all('.scroll table').flatMap(splitForPaper) };
      before.folded.forEach(each => { each.open = true; });
      root.dataset.theme = 'light';
      root.dataset.paper = '';
      palette = new Map();
      drawAll();
    });
    addEventListener('afterprint', () => {
      if (!before) return;
      before.folded.forEach(each => { each.open = false; });
      before.split.forEach(({ table, pieces }) => { pieces.forEach(piece => piece.remove()); table.hidden = false; });
      if (before.theme) root.dataset.theme = before.theme; else delete root.dataset.theme;
      delete root.dataset.paper;
      before = null;
      palette = new Map();
      redraw().then(() => all('.plot[data-ready]').filter(place => place.clientWidth).forEach(place => window.Plotly.Plots.resize(place)));
    });
  }

  // The policy of the page allows exactly this text, by its digest.
  const library = document.createElement('script');
  library.textContent = new TextDecoder().decode(await unpack('data-plotly'));
  document.head.append(library);
  bindTheme();
  bindPrint();
  followScrolling();
  all('[data-copy]').forEach(button => button.addEventListener('click', () => copy(button)));
  find('#csv-cells').addEventListener('click', () => download('cells', cellRows()));
  find('#csv-exact').textContent = `python -m reports.export grid=${report.grid} curves.csv`;
  find('#csv-curves').addEventListener('click', () => download('curves', curveRows(report, stored)));
  if (slider) {
    const asked = fromFragment();
    bindControls();
    if (asked) { keep(); find('#curves').scrollIntoView(); } else say();
  }
  picks.paint();
  picks.bind(again);
  bindDownloads(report, view, { figures, draw, themed, plain });
  slotsDrawn = slotsNow();
  all('.plot').forEach(place => near.observe(place));
  redrawAtNewWidth();
  window.report = { state, smooth, columns, losses, drawAll, figures: Object.keys(figures), data: report };
  root.dataset.ready = '1';
})().catch(error => {
  document.documentElement.dataset.ready = 'failed';
  for (const place of document.querySelectorAll('.plot')) place.textContent = 'This browser could not draw the figure: ' + error.message;
});
