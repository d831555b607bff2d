/** Stories in which sources differ, or tell late. What the record must say follows from the rules of the status, not from the program. */
import { act, fact, group, legalCase, person, source, statement, tell } from './test-support/story.js';

tell(
  'one event told by several outlets with two dates',
  [
    source('wire', '2021-06-03', 'Nela Brod was arrested on 2 June 2021.'),
    source('reprint', '2021-06-05', 'Nela Brod was arrested on 2 June 2021.'),
    source('radio', '2021-06-06', 'The police came for Nela Brod on 4 June 2021.'),
    source('weekly', '2021-06-10', 'Last Thursday, 3 June 2021, Nela Brod was taken to the station.'),
    person('nela', 'Nela Brod', 'wire: Nela Brod'),
    fact(
      'arrest',
      'nela/arrests',
      '2021-06-02',
      'wire: was arrested on 2 June 2021 | reprint: was arrested on 2 June 2021',
    ),
    act('depends', 'reprint/dependencies', { other: '{wire}', kind: 'reprint' }),
    act(
      'radio-tells',
      'nela/accounts',
      { fact: '{arrest}', occurred: '2021-06-04' },
      'radio: The police came for Nela Brod on 4 June 2021',
    ),
  ],
  async (record) => {
    // The wire went out on 3 June: what it tells had happened by then. The radio's reading reaches to the 4th.
    await record.says('nela', '2021-06-01', '');
    const between = `liberty: police-custody since 2021-06-02 ? police-custody, perhaps deprived
       hold: police-custody since 2021-06-02 ? police-custody`;
    await record.says('nela', '2021-06-02', between);
    await record.says('nela', '2021-06-03', between);
    await record.says(
      'nela',
      '2021-06-04',
      `liberty: police-custody since 2021-06-02
       hold: police-custody since 2021-06-02`,
    );
    const [arrest] = (await record.person('nela')).timeline;
    expect(arrest).toMatchObject({
      occurred: '2021-06-02',
      bounds: { earliest: '2021-06-02', latest: '2021-06-04' },
      readings: [
        { occurred: '2021-06-02', bounds: { earliest: '2021-06-02', latest: '2021-06-02' } },
        { occurred: '2021-06-04', bounds: { earliest: '2021-06-04', latest: '2021-06-04' } },
      ],
      accounts: [{ citations: [{ words: 'The police came for Nela Brod on 4 June 2021' }] }],
    });

    // Somebody else records the weekly's telling as a fact of its own. By itself it makes the third of June certain.
    await record.send(fact('taken', 'nela/arrests', '2021-06-03', 'weekly: was taken to the station'));
    const apart = `liberty: police-custody since 2021-06-02
       hold: police-custody since 2021-06-02`;
    await record.says('nela', '2021-06-03', apart);
    await record.timeline('nela', ['arrest 2021-06-02', 'taken 2021-06-03']);

    // Judged to be one, they are one arrest on one of the three days.
    await record.send(act('one', 'nela/same-facts', { facts: ['{arrest}', '{taken}'], reason: 'One arrest.' }));
    const { liberty } = (await record.person('nela', { on: '2021-06-03' })).axes;
    expect(liberty).toMatchObject({ value: 'police-custody', certain: false, possible: ['police-custody'] });
    expect(liberty.restsOn).toHaveLength(1);
    expect((await record.person('nela', { on: '2021-06-04' })).axes.liberty).toMatchObject({ certain: true });
    await record.timeline('nela', ['arrest 2021-06-02 same as taken', 'taken 2021-06-03 same as arrest']);

    await record.send(act('two', 'nela/same-fact-revocations', { judgement: '{one}', reason: 'She was taken twice.' }));
    await record.says('nela', '2021-06-03', apart);
    await record.says('nela', { on: '2021-06-03', knownAfter: 'radio-tells' }, between);
  },
);

tell(
  'a disappearance that ends in custody',
  [
    source(
      'relatives',
      '2022-02-10',
      'Rune Askel was taken from his shop by men in plain clothes on 15 January 2022. The police say that they do not hold him.',
    ),
    source(
      'lawyer',
      '2022-03-06',
      `On 2 March 2022 I found Rune Askel in the prison of Ost. He had been arrested at some time since he was taken. On 5 March he
was charged with sabotage.`,
    ),
    source('court', '2022-12-21', 'Rune Askel was released on bail on 20 December 2022.'),
    person('rune', 'Rune Askel', 'relatives: Rune Askel'),
    group('police', 'The police', 'other', 'relatives: The police'),
    fact('taken', 'rune/disappearances', '2022-01-15', 'relatives: taken from his shop', {
      kind: 'enforced-disappearance-alleged',
      by: { name: 'Men in plain clothes' },
    }),
    statement('denial', '2022-02', 'relatives: The police say that they do not hold him', {
      speaker: { group: '{police}' },
      form: 'second-hand',
      lang: 'en',
      words: 'We do not hold him.',
      about: [{ person: '{rune}' }],
      stance: 'denies',
    }),
    fact('arrest', 'rune/arrests', '2022-01-15/2022-03-02', 'lawyer: arrested at some time since he was taken'),
    fact('found', 'rune/custody-reports', '2022-03-02', 'lawyer: I found Rune Askel in the prison of Ost', {
      aspect: 'observed',
      after: ['{arrest}'],
    }),
    fact('charge', 'rune/charges', '2022-03-05', 'lawyer: charged with sabotage', {
      counts: [{ offence: 'sabotage' }],
    }),
    fact('bail', 'rune/releases', '2022-12-20', 'court: released on bail', { reason: 'bail' }),
  ],
  async (record) => {
    await record.says('rune', '2022-01-14', '');
    await record.says(
      'rune',
      '2022-02-01',
      `liberty: police-custody since 2022-01-15/2022-03-02 ? police-custody, perhaps deprived
       whereabouts: enforced-disappearance-alleged since 2022-01-15
       hold: police-custody since 2022-01-15/2022-03-02 ? police-custody`,
    );
    await record.says(
      'rune',
      '2022-03-02',
      `liberty: detained-unspecified since [..2022-03-02]
       whereabouts: known since [..2022-03-02]
       hold: detained-unspecified since [..2022-03-02]`,
    );
    await record.saysNow(
      'rune',
      'Conditionally released since 20 December 2022; charged on 5 March 2022',
      `liberty: conditional-release since 2022-12-20
       whereabouts: known since [..2022-03-02]
       hold: conditional-release since 2022-12-20
       stage: charged since 2022-03-05`,
    );
    const { statements } = await record.person('rune');
    expect(statements.about).toMatchObject([{ stance: 'denies', words: 'We do not hold him.' }]);
    if (record.order === 'in reverse') return;
    // Before the lawyer found him nothing was known but that he was gone.
    await record.says(
      'rune',
      { on: '2022-02-01', knownAfter: 'denial' },
      'whereabouts: enforced-disappearance-alleged since 2022-01-15',
    );
  },
);

tell(
  'two files that turn out to be one, a fact without a file, and a death in custody',
  [
    source(
      'letter',
      '2009-05-01',
      `Odo Lind was arrested on 3 March 2009 (file 12). He was charged with fraud on 9 March (file 14). From 20 March he was kept in
pretrial detention. He died in his cell on 28 April 2009.`,
    ),
    person('odo', 'Odo Lind', 'letter: Odo Lind'),
    legalCase('twelve', 'File 12', 'letter: file 12'),
    legalCase('fourteen', 'File 14', 'letter: file 14'),
    fact('arrest', 'odo/arrests', '2009-03-03', 'letter: arrested on 3 March 2009', { case: '{twelve}' }),
    fact('charge', 'odo/charges', '2009-03-09', 'letter: charged with fraud on 9 March', {
      case: '{fourteen}',
      counts: [{ offence: 'fraud' }],
    }),
    fact('kept', 'odo/pretrial-detentions', '2009-03-20', 'letter: he was kept in\npretrial detention'),
    fact('death', 'odo/deaths', '2009-04-28', 'letter: He died in his cell', { inCustody: true }),
  ],
  async (record) => {
    // Of no file, the detention speaks for liberty alone.
    await record.says(
      'odo',
      '2009-04-01',
      `liberty: pretrial-detention since 2009-03-20
       twelve.hold: police-custody since 2009-03-03
       fourteen.stage: charged since 2009-03-09`,
    );
    await record.send(
      act('assigned', 'twelve/assignments', { person: '{odo}', fact: '{kept}' }, 'letter: From 20 March he was kept'),
    );
    await record.says(
      'odo',
      '2009-04-01',
      `liberty: pretrial-detention since 2009-03-20
       twelve.hold: pretrial-detention since 2009-03-20
       fourteen.stage: charged since 2009-03-09`,
    );
    await record.send(act('joined', 'fourteen/joins', { other: '{twelve}' }, 'letter: file 12 | letter: file 14'));
    const joined =
      [record.id('twelve'), record.id('fourteen')].sort()[0] === record.id('twelve') ? 'twelve' : 'fourteen';
    await record.says(
      'odo',
      '2009-04-01',
      `liberty: pretrial-detention since 2009-03-20
       ${joined}.hold: pretrial-detention since 2009-03-20
       ${joined}.stage: charged since 2009-03-09`,
    );
    // Death ends no hold: he died a prisoner.
    await record.says(
      'odo',
      {},
      `liberty: pretrial-detention since 2009-03-20
       life: dead since 2009-04-28
       ${joined}.hold: pretrial-detention since 2009-03-20
       ${joined}.stage: charged since 2009-03-09`,
    );
    await record.send(act('apart', 'fourteen/retractions', { fact: '{joined}', reason: 'They are two after all.' }));
    await record.says(
      'odo',
      '2009-04-01',
      `liberty: pretrial-detention since 2009-03-20
       twelve.hold: pretrial-detention since 2009-03-20
       fourteen.stage: charged since 2009-03-09`,
    );
  },
);

tell(
  'asylum, extradition, an escape, an amnesty',
  [
    source(
      'monitor',
      '2012-12',
      `Jora Pell was imprisoned in May 2008 and escaped on 1 February 2009. She sought asylum in Norway in March 2009; Sweden, where she
had asked first, had refused her. Norway granted it on 10 August 2010. In 2011 an extradition request reached Norway, which
refused it on 4 April 2011. The amnesty of 1 July 2012 covers her. In October 2012 she went home.`,
    ),
    person('jora', 'Jora Pell', 'monitor: Jora Pell'),
    fact('sentence', 'jora/sentences', '', 'monitor: was imprisoned in May 2008', {
      presence: 'present',
      counts: [{ offence: 'conspiracy' }],
      penalty: 'custodial',
      term: 'P6Y',
    }),
    fact('prison', 'jora/imprisonments', '2008-05', 'monitor: was imprisoned in May 2008', { after: ['{sentence}'] }),
    fact('escape', 'jora/escapes', '2009-02-01', 'monitor: escaped on 1 February 2009'),
    fact('no', 'jora/asylum-refusals', '../2009-03', 'monitor: had refused her', { country: 'SE' }),
    fact('sought', 'jora/asylum-applications', '2009-03', 'monitor: She sought asylum in Norway', { country: 'NO' }),
    fact('granted', 'jora/asylum-grants', '2010-08-10', 'monitor: Norway granted it on 10 August 2010', {
      country: 'NO',
    }),
    fact('asked', 'jora/extradition-requests', '2011', 'monitor: an extradition request reached Norway', {
      by: 'XK',
      of: 'NO',
    }),
    fact('refused', 'jora/extradition-decisions', '2011-04-04', 'monitor: refused it on 4 April 2011', {
      by: 'XK',
      of: 'NO',
      outcome: 'refused',
      after: ['{asked}'],
    }),
    fact('amnesty', 'jora/amnesties', '2012-07-01', 'monitor: The amnesty of 1 July 2012', {
      instrument: 'Amnesty Act',
    }),
    fact('home', 'jora/returns', '2012-10', 'monitor: she went home'),
  ],
  async (record) => {
    await record.says(
      'jora',
      '2008-12',
      `liberty: imprisoned since 2008-05
       asylum SE: unknown ? refused
       hold: imprisoned since 2008-05
       stage: decided
       verdict: convicted (presence present)
       finality: appealable
       sentence: serving (penalty custodial, term P6Y) since 2008-05, later quashed`,
    );
    await record.says(
      'jora',
      '2010-09',
      `liberty: sentence-not-enforced since 2009-02-01
       location: abroad since 2010-08-10
       asylum NO: granted since 2010-08-10
       asylum SE: refused since ../2009-03
       hold: none since 2009-02-01
       stage: decided
       verdict: convicted (presence present)
       finality: appealable
       sentence: serving (penalty custodial, term P6Y) since 2008-05, later quashed`,
    );
    const asked = (await record.person('jora', { on: '2011-02' })).axes.extradition;
    expect(asked).toMatchObject([{ value: 'requested', certain: false, possible: ['requested'] }]);
    await record.says(
      'jora',
      {},
      `liberty: free since 2012-07-01
       location: in-country since 2012-10
       asylum NO: granted since 2010-08-10
       asylum SE: refused since ../2009-03
       extradition XK-NO: refused since 2011-04-04
       hold: none since 2009-02-01
       stage: ended since 2012-07-01
       verdict: convicted (presence present)
       finality: appealable
       sentence: annulled (penalty custodial, term P6Y) since 2012-07-01`,
    );
  },
);

tell(
  'two persons of the record who turn out to be one, and are parted again',
  [
    source(
      'north',
      '2014-03',
      'Wera Holt was arrested in Nor on 4 February 2014. A neighbour of hers calls her a baker.',
    ),
    source(
      'south',
      '2015-08',
      'Vera Hold, as she is written here, left the prison of Sud on 30 July 2015. She speaks for the Bakers.',
    ),
    person('wera', 'Wera Holt', 'north: Wera Holt'),
    person('vera', 'Vera Hold', 'south: Vera Hold'),
    person('neighbour', 'A neighbour', 'north: A neighbour'),
    group('bakers', 'Bakers', 'union', 'south: the Bakers'),
    legalCase('file', 'The file of Nor', 'north: arrested in Nor'),
    fact('arrest', 'wera/arrests', '2014-02-04', 'north: was arrested in Nor on 4 February 2014', { case: '{file}' }),
    fact('release', 'vera/releases', '2015-07-30', 'south: left the prison of Sud', { reason: 'unknown' }),
    fact('speaks', 'vera/roles', '2015-08', 'south: She speaks for the Bakers', {
      aspect: 'observed',
      role: 'spokesperson',
      organisation: { group: '{bakers}' },
    }),
  ],
  async (record) => {
    const arrested = `liberty: police-custody since 2014-02-04
       file.hold: police-custody since 2014-02-04`;
    const released = `liberty: free since 2015-07-30
       hold: none since 2015-07-30
       spokesperson of bakers: held since [..2015-08-31]`;
    await record.says('wera', {}, arrested);
    await record.says('vera', {}, released);
    expect((await record.person('wera')).judgedSame).toEqual([]);

    const judgement = (other: string, verdict: string): Parameters<typeof act>[2] => ({
      person: `{${other}}`,
      verdict,
      reason: 'The fingerprints of the two files.',
    });
    await record.send(act('one', 'wera/identity-judgements', judgement('vera', 'same'), 'north: Wera Holt'));
    const together = `liberty: free since 2015-07-30
       file.hold: none since 2015-07-30
       spokesperson of bakers: held since [..2015-08-31]`;
    for (const who of ['wera', 'vera'] as const) {
      await record.says(who, {}, together);
      await record.says(who, '2014-06', arrested);
      await record.timeline(who, ['arrest 2014-02-04', 'release 2015-07-30', 'speaks 2015-08']);
      const { name, names, judgedSame, timeline } = await record.person(who);
      expect(name).toBe(who === 'wera' ? 'Wera Holt' : 'Vera Hold');
      expect(names.map(({ text }) => text).sort()).toEqual(['Vera Hold', 'Wera Holt']);
      expect(judgedSame.map(({ id }) => id)).toEqual([record.id(who === 'wera' ? 'vera' : 'wera')]);
      // Nothing was moved: each fact says of whom it is recorded.
      expect(timeline.map(({ subject }) => subject.name)).toEqual(['Wera Holt', 'Vera Hold', 'Vera Hold']);
    }
    if (record.order === 'as told') {
      await record.history('wera', [
        'arrest: hold unknown -> police-custody (new), liberty unknown -> police-custody (new)',
        `one: ${[
          'hold police-custody -> none (correction)',
          'liberty police-custody -> free (correction)',
          'role unknown -> held (correction)',
        ].join(', ')}`,
      ]);
    }
    // A fact that comes later, of either of them, is known of both.
    await record.send(fact('death', 'vera/deaths', '2015-08', 'south: Vera Hold'));
    for (const who of ['wera', 'vera']) {
      await record.says(who, {}, together.replace('\n', '\n life: dead since 2015-08\n'));
    }
    const inCase = (await record.case('file')).persons.map(({ person: who, liberty }) => [who.name, liberty.value]);
    expect(inCase).toEqual([['Wera Holt', 'free']]);

    // Two who are one with the same third, and different from each other: somebody is wrong, so nobody is one.
    await record.send(act('third', 'neighbour/identity-judgements', judgement('vera', 'same'), 'north: A neighbour'));
    await record.says('neighbour', {}, together.replace('\n', '\n life: dead since 2015-08\n'));
    await record.send(
      act('not', 'neighbour/identity-judgements', judgement('wera', 'different'), 'north: A neighbour'),
    );
    await record.says('wera', {}, arrested);
    await record.says('neighbour', {}, '');
    await record.send(
      act('not-third', 'neighbour/identity-judgement-revocations', { judgement: '{third}', reason: 'No.' }),
    );
    await record.says('wera', '2014-06', arrested);
    await record.says('neighbour', {}, '');

    await record.send(act('two', 'wera/identity-judgement-revocations', { judgement: '{one}', reason: 'Misread.' }));
    await record.says('wera', {}, arrested);
    await record.says('vera', {}, released.replace('\n', '\n life: dead since 2015-08\n'));
    await record.says('vera', { on: '2014-06', knownAfter: 'one' }, arrested);
    await record.says('vera', '2014-06', '');
  },
);
