// What the reader chose, and the x axes that there are: all are steps times a constant of the variant.
function viewOf(report, length) {
  const { variants, cells, curves, baseline } = report;
  const steps = Float64Array.from({ length }, (_, i) => i + curves.first_step);

  const X_AXES = {
    step: { title: 'training step', said: 'step %{x:,.0f}', factor: () => 1 },
    tokens: { title: 'tokens seen (millions)', said: '%{x:.3f} million tokens', factor: v => (variants[v].tokens_per_step ?? NaN) / 1e6 },
    seconds: { title: 'seconds of training', said: '%{x:,.1f} s', factor: v => variants[v].seconds_per_step ?? NaN },
    flops: { title: 'FLOPs of training (10¹²)', said: '%{x:,.3f} × 10¹² FLOPs', factor: v => (variants[v].flops_per_step ?? NaN) / 1e12 },
  };
  const known = (name, v) => Number.isFinite(X_AXES[name].factor(v));
  // A bucket of `size` steps stands at the middle of its steps.
  const along = (name, v, size = 1) => {
    const factor = X_AXES[name].factor(v);
    if (size === 1) return steps.map(step => step * factor);
    return Float64Array.from({ length: Math.ceil(length / size) }, (_, i) => (curves.first_step + (i * size + Math.min((i + 1) * size, length) - 1) / 2) * factor);
  };
  // Differences are paired step by step; seconds and FLOPs of two variants do not pair.
  const pairedAxis = name => name === 'tokens' && known('tokens', baseline) ? 'tokens' : 'step';

  // The choice is in the address, so that a view can be quoted.
  const allSeeds = [...new Set(cells.map(cell => cell.seed))];
  // Colours: of the variants in the order of the grid, until the reader picks others.
  const givenSlots = () => new Map(variants.flatMap((variant, v) => variant.slot === null ? [] : [[v, variant.slot]]));
  const fresh = () => ({
    p: 0.9, kind: 'wandb', x: 'step', logx: false, logy: false, per: false, follow: false, eval: false,
    as: null, range: null, seeds: new Set(allSeeds), off: new Set(variants.flatMap((v, i) => v.is_shown ? [] : [i])), slots: givenSlots(),
  });
  const state = fresh();
  const SWITCHES = ['logx', 'logy', 'per', 'follow', 'eval'];

  const slotOf = v => state.slots.get(v) ?? null;
  const slotsText = slots => JSON.stringify([...slots].filter(([v]) => v !== baseline).map(([v, slot]) => [slot, variants[v].id]).sort(([a], [b]) => a - b));
  // A large grid has baseline and four at once, whatever it begins with.
  const COLOURS = variants.some(variant => variant.slot === null) ? [0, 1, 2, 3, 4] : [...givenSlots().values()];
  const freeSlots = () => COLOURS.filter(slot => ![...state.slots.values()].includes(slot));
  // A variant keeps its colour while it is picked, whatever else is picked or sorted.
  function pick(v, on) {
    if (on && !state.slots.has(v) && freeSlots().length) { state.slots.set(v, Math.min(...freeSlots())); state.off.delete(v); }
    if (!on && v !== baseline) { state.slots.delete(v); state.off.add(v); }
  }

  function readPicks(text) {
    let wanted = [];
    try { wanted = JSON.parse(text); } catch { return; }
    if (!Array.isArray(wanted)) return;
    const most = COLOURS.length;
    state.slots = new Map([[baseline, 0]]);
    for (const one of wanted) {
      const [slot, id] = Array.isArray(one) ? one : [], v = variants.findIndex(variant => variant.id === id);
      const isFree = ![...state.slots.values()].includes(slot) && !state.slots.has(v);
      if (v >= 0 && Number.isInteger(slot) && slot > 0 && slot < most && isFree) state.slots.set(v, slot);
    }
    state.off = new Set(variants.map((_, v) => v).filter(v => !state.slots.has(v)));
  }

  function toFragment() {
    const plain = fresh(), query = new URLSearchParams();
    for (const key of ['p', 'kind', 'x']) if (state[key] !== plain[key]) query.set(key, state[key]);
    for (const key of SWITCHES) if (state[key]) query.set(key, '1');
    if (state.as) query.set('as', state.as);
    if (state.range) query.set('range', state.range.map(value => +value.toPrecision(6)).join(','));
    if (state.seeds.size !== allSeeds.length) query.set('seeds', [...state.seeds].join(','));
    if (slotsText(state.slots) !== slotsText(plain.slots)) query.set('pick', slotsText(state.slots));
    variants.forEach((variant, v) => {
      if (state.off.has(v) === state.slots.has(v)) query.append(state.off.has(v) ? 'off' : 'on', variant.id);
    });
    return query.size === 0 ? '' : '#curves?' + query;
  }

  function fromFragment() {
    const [anchor, text] = location.hash.split('?');
    if (anchor !== '#curves' || !text) return false;
    const query = new URLSearchParams(text), range = (query.get('range') ?? '').split(',').map(Number);
    Object.assign(state, fresh());
    const p = Number(query.get('p') ?? state.p);
    if (p >= 0 && p <= 0.999) state.p = p;
    if (dashboardOf(query.get('as'))) state.as = query.get('as');
    if (['wandb', 'tensorboard'].includes(query.get('kind'))) state.kind = query.get('kind');
    if (query.get('x') in X_AXES && known(query.get('x'), baseline)) state.x = query.get('x');
    for (const key of SWITCHES) state[key] = query.get(key) === '1';
    if (range.length === 2 && range[0] < range[1]) state.range = range;
    if (query.has('seeds')) state.seeds = new Set(query.get('seeds').split(',').map(Number).filter(s => allSeeds.includes(s)));
    if (query.has('pick')) readPicks(query.get('pick'));
    variants.forEach((variant, v) => {
      if (query.getAll('off').includes(variant.id)) state.off.add(v);
      if (query.getAll('on').includes(variant.id)) state.off.delete(v);
    });
    return true;
  }

  const drawnVariants = () => variants.map((_, v) => v).filter(v => !state.off.has(v));
  const farthest = name => Math.max(...drawnVariants().concat(baseline).filter(v => known(name, v)).map(v => length * X_AXES[name].factor(v)));
  const full = name => {
    const smallest = curves.first_step * X_AXES[name].factor(baseline);
    return state.logx ? [smallest, farthest(name)] : [0, farthest(name)];
  };
  // The reader's zoom is in the units of the chosen axis; the difference may have another one.
  const zoomOn = name => {
    if (!state.range || name === state.x) return state.range;
    const ratio = X_AXES[name].factor(baseline) / X_AXES[state.x].factor(baseline);
    return state.range.map(value => value * ratio);
  };
  const smoothingRange = () => {
    if (!state.follow || !state.range) return Math.max(1, length - 1);
    const factor = X_AXES[state.x].factor(baseline);
    return Math.max(2, (state.range[1] - state.range[0]) / factor);
  };

  return {
    state, allSeeds, fresh, SWITCHES, X_AXES, known, along, pairedAxis, drawnVariants, full, zoomOn, smoothingRange,
    toFragment, fromFragment, slotOf, pick, freeSlots, COLOURS,
  };
}
