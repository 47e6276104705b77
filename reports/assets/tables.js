// The table of variants: its order and what is shown of it are the reader's, its rows never change.
function bindVariants(report) {
  const table = document.querySelector('#variants table'), order = document.querySelector('#variants-order');
  if (!table || !order) return;
  const { variants, cells, baseline } = report;
  const filter = document.querySelector('#variants-filter'), told = document.querySelector('#variants-told');
  const rows = [...table.querySelectorAll('tr[data-row]')].map(row => ({ row, v: Number(row.dataset.row), home: row.parentElement }));
  const groups = [...table.tBodies], sorted = table.createTBody();
  sorted.setAttribute('role', 'rowgroup');
  let key = null, direction = 1, wait = 0;

  const secondsOf = v => {
    const known = cells.filter(cell => cell.v === v && cell.status === 'complete' && cell.seconds !== null).map(cell => cell.seconds);
    return known.length ? known.reduce((sum, each) => sum + each, 0) / known.length : null;
  };
  const KEYS = {
    name: v => variants[v].label,
    loss: v => variants[v].loss?.mean,
    difference: v => variants[v].difference?.difference,
    parameters: v => variants[v].parameters,
    seconds: secondsOf,
    noise: v => variants[v].volatility.own_ratio?.ratio,
    seeds: v => cells.filter(cell => cell.v === v && cell.status === 'complete').length,
  };
  const compare = (a, b) => typeof a === 'string' ? a.localeCompare(b, 'en', { numeric: true }) : a - b;

  // The baseline first, what has no value last, and equals in the order of the grid.
  function inOrder() {
    const valued = rows.filter(({ v }) => v !== baseline).map(each => ({ ...each, value: key ? KEYS[key](each.v) ?? null : 0 }));
    const known = valued.filter(each => each.value !== null).sort((a, b) => direction * compare(a.value, b.value) || a.v - b.v);
    return [...rows.filter(({ v }) => v === baseline), ...known, ...valued.filter(each => each.value === null)];
  }

  const heads = [...table.querySelectorAll('th[data-sort]')];
  const nameOf = head => head.dataset.name ?? head.querySelector('.sort').textContent;
  const ends = name => name === 'name' ? ['A to Z', 'Z to A'] : name === 'seeds' ? ['fewest first', 'most first'] : ['lowest first', 'highest first'];
  const lower = words => words.charAt(0).toLowerCase() + words.slice(1), upper = words => words.charAt(0).toUpperCase() + words.slice(1);
  const choice = (name, way) => `${name} ${way}`;

  function place() {
    for (const { row, home } of inOrder()) (key ? sorted : home).append(row);
    // A heading holds for the order of the grid only; there the baseline leads its group, and its group the others.
    const first = rows.find(({ v }) => v === baseline);
    if (!key && first) {
      table.tHead.after(first.home);
      first.home.querySelector('.group')?.after(first.row);
    }
    for (const head of heads) {
      if (head.dataset.sort === key) head.setAttribute('aria-sort', direction > 0 ? 'ascending' : 'descending');
      else head.removeAttribute('aria-sort');
    }
    order.value = key ? choice(key, direction) : '';
  }

  const words = ({ row }) => ['th', '.against .word', '.seeds + small'].map(part => row.querySelector(part)?.textContent ?? '').join(' ').toLowerCase();
  function show() {
    const wanted = (filter?.value ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    for (const each of rows) each.row.hidden = each.v !== baseline && !wanted.every(word => words(each).includes(word));
    for (const group of [...groups, sorted]) group.hidden = ![...group.rows].some(row => row.dataset.row && !row.hidden);
    return wanted.length > 0;
  }

  function tell(isFiltered) {
    const seen = rows.filter(({ row }) => !row.hidden).length, head = heads.find(each => each.dataset.sort === key);
    const by = head ? `Sorted by ${lower(nameOf(head))}, ${ends(key)[direction > 0 ? 0 : 1]}; the baseline stays first.` : '';
    const many = isFiltered ? `${seen} of ${rows.length} variants shown${seen === 1 ? ': the baseline, no other matches' : ''}.` : filter ? `All ${rows.length} variants shown.` : '';
    clearTimeout(wait);
    wait = setTimeout(() => { told.textContent = [many, by].filter(Boolean).join(' '); }, 300);
  }

  function sortBy(name, way) {
    [key, direction] = [name, way];
    place();
    tell(show());
  }

  // One press sorts, the next turns the order round, the third goes back to the order of the grid.
  function press(name) {
    if (name !== key) sortBy(name, 1);
    else if (direction > 0) sortBy(name, -1);
    else sortBy(null, 1);
  }

  for (const head of heads) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'sort';
    button.textContent = head.firstChild.textContent.trim();
    head.firstChild.replaceWith(button);
    button.addEventListener('click', () => press(head.dataset.sort));
    ends(head.dataset.sort).forEach((end, i) => order.add(new Option(`${upper(nameOf(head))}, ${end}`, choice(head.dataset.sort, i ? -1 : 1))));
  }
  order.addEventListener('change', () => { const [name, way] = order.value.split(' '); sortBy(name || null, Number(way ?? 1)); });
  filter?.addEventListener('input', () => tell(show()));

  // On a phone the table is cards, its head is not seen, and the list orders them. Where the table fits
  // its box the box need not scroll, so that the head can stay in sight.
  const box = table.parentElement, cards = matchMedia('(max-width: 900px)');
  const fit = () => box.classList.toggle('fits', table.offsetWidth <= box.clientWidth);
  const reach = () => heads.forEach(head => head.querySelector('.sort').setAttribute('tabindex', cards.matches ? '-1' : '0'));
  new ResizeObserver(fit).observe(table);
  cards.addEventListener('change', reach);
  reach();
  place();
  tell(show());
}

// Paper cannot be scrolled: a table of many columns becomes several, each with the first column.
const MOST_COLUMNS = 9;
function splitForPaper(table) {
  const columns = table.tHead?.rows[0]?.cells.length ?? 0, each = MOST_COLUMNS - 1, pieces = [];
  if (columns <= MOST_COLUMNS) return [];
  for (let first = 1; first < columns; first += each) {
    const piece = table.cloneNode(true);
    for (const row of piece.rows) [...row.cells].forEach((cell, i) => { if (i && (i < first || i >= first + each)) cell.remove(); });
    piece.classList.add('further');
    pieces.push(piece);
  }
  table.after(...pieces);
  table.hidden = true;
  return [{ table, pieces }];
}
