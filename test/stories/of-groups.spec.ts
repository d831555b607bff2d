/** Stories of groups and their registration. What the record must say follows from the rules of the status, not from the program. */
import { fact, group, person, source, tell } from './test-support/story.js';

const MINISTRY = { authority: { group: '{interior}' } };

tell(
  'a party refused twice, registered under another name, kept from an election, dissolved',
  [
    source(
      'observer',
      '2013-06',
      `The Lantern Movement, founded in 2009, announced in January 2010 that it would become a party. By March it had collected
about 4,200 signatures. It submitted its papers to the Ministry of Interior in May; they were rejected in August, because
the statutes named no seat. A second attempt of February 2011 was rejected in June. The movement appealed in July, and in
September the Council of State upheld the rejection. In January 2012 it took the name New Dawn, applied once more in March,
and was registered on 15 June 2012. Its president is Anso Reyl, its secretary Brisa Tam. In April 2013 it filed for the
assembly election of that year; the election committee refused it in May.`,
    ),
    source(
      'bulletin',
      '2019-02',
      `On 16 November 2017 the Supreme Court dissolved New Dawn, and barred Anso Reyl and Brisa Tam from politics until 16 November
2022. The rights of Anso Reyl were restored in January 2019.`,
    ),
    group('lantern', 'Lantern Movement', 'movement', 'observer: The Lantern Movement'),
    group('interior', 'Ministry of Interior', 'ministry', 'observer: the Ministry of Interior'),
    person('anso', 'Anso Reyl', 'observer: Anso Reyl'),
    person('brisa', 'Brisa Tam', 'observer: Brisa Tam'),
    fact('founded', 'lantern/foundings', '2009', 'observer: founded in 2009'),
    fact('announced', 'lantern/announcements', '2010-01', 'observer: announced in January 2010'),
    fact('support', 'lantern/support', '2010-03', 'observer: about 4,200 signatures', {
      quantities: [{ value: 4200, qualifier: 'about' }],
      kind: 'signature',
      as: 'claimed',
    }),
    fact('first', 'lantern/registration-submissions', '2010-05', 'observer: It submitted its papers', {
      ...MINISTRY,
      attempt: 1,
    }),
    fact('no', 'lantern/registration-rejections', '2010-08', 'observer: they were rejected in August', {
      ...MINISTRY,
      grounds: [{ text: 'The statutes name no seat.' }],
    }),
    fact('second', 'lantern/registration-submissions', '2011-02', 'observer: A second attempt of February 2011', {
      ...MINISTRY,
      attempt: 2,
    }),
    fact('no-again', 'lantern/registration-rejections', '2011-06', 'observer: was rejected in June', MINISTRY),
    fact('appeal', 'lantern/registration-appeals', '2011-07', 'observer: The movement appealed in July', {
      body: { name: 'Council of State' },
    }),
    fact('upheld', 'lantern/registration-appeal-decisions', '2011-09', 'observer: upheld the rejection', {
      body: { name: 'Council of State' },
      outcome: 'upheld',
    }),
    fact('renamed', 'lantern/names', '2012-01', 'observer: it took the name New Dawn', {
      name: { text: 'New Dawn', kind: 'legal' },
    }),
    fact('third', 'lantern/registration-submissions', '2012-03', 'observer: applied once more in March', {
      ...MINISTRY,
      attempt: 3,
    }),
    fact('yes', 'lantern/registrations', '2012-06-15', 'observer: was registered on 15 June 2012', {
      ...MINISTRY,
      level: 'full',
    }),
    fact('filed', 'lantern/election-entries', '2013-04', 'observer: it filed for the\nassembly election', {
      election: 'Assembly 2013',
    }),
    fact(
      'kept-out',
      'lantern/election-entry-decisions',
      '2013-05',
      'observer: the election committee refused it in May',
      {
        election: ' Assembly  2013',
        outcome: 'refused',
      },
    ),
    fact('dissolved', 'lantern/dissolutions', '2017-11-16', 'bulletin: the Supreme Court dissolved New Dawn', {
      authority: { name: 'Supreme Court' },
    }),
    fact('president', 'anso/roles', '2013-06', 'observer: Its president is Anso Reyl', {
      aspect: 'observed',
      role: 'president',
      organisation: { group: '{lantern}' },
    }),
    fact('secretary', 'brisa/roles', '2013-06', 'observer: its secretary Brisa Tam', {
      aspect: 'observed',
      role: 'secretary',
      organisation: { group: '{lantern}' },
    }),
    ...['anso', 'brisa'].map((who) =>
      fact(`${who}-barred`, `${who}/rights-suspensions`, '2017-11-16', 'bulletin: barred Anso Reyl and Brisa Tam', {
        rights: ['to stand for election', 'to found a party'],
        legalGround: 'Party Act',
        until: '2022-11-16',
      }),
    ),
    fact('restored', 'anso/rights-restorations', '2019-01', 'bulletin: The rights of Anso Reyl were restored', {
      rights: ['to stand for election', 'to found a party'],
    }),
  ],
  async (record) => {
    const SUPPORT = 'support: about 4200 signatures claimed';
    const stages: readonly (readonly [string, string])[] = [
      ['2010-02', 'registration: announced since 2010-01'],
      // In March it may have begun on any day.
      ['2010-04', 'registration: collecting since 2010-03'],
      ['2010-06', 'registration: submitted since 2010-05'],
      ['2010-12', 'registration: rejected since 2010-08'],
      ['2011-04', 'registration: submitted since 2011-02'],
    ];
    for (const [on, registration] of stages) {
      await record.says('lantern', on, `${registration}\nactivity: active since 2009\n${SUPPORT}`);
    }
    await record.says(
      'lantern',
      '2010-03',
      `registration: collecting since 2010-03 ? announced|collecting
       activity: active since 2009
       ${SUPPORT}`,
    );
    await record.says(
      'lantern',
      '2011-08',
      `registration: rejected since 2011-06
       activity: active since 2009
       appeal: pending since 2011-07
       ${SUPPORT}`,
    );
    await record.says(
      'lantern',
      '2012-02',
      `registration: rejected since 2011-06
       activity: active since 2009
       appeal: decided since 2011-09
       ${SUPPORT}`,
    );
    await record.says(
      'lantern',
      '2013-06',
      `registration: registered since 2012-06-15
       activity: active since 2009
       appeal: decided since 2011-09
       electionEntry assembly 2013: refused (election Assembly 2013) since 2013-05
       ${SUPPORT}`,
    );
    await record.saysNow(
      'lantern',
      'Dissolved on 16 November 2017; entry for Assembly 2013 refused in May 2013; about 4,200 signatures claimed',
      `registration: dissolved since 2017-11-16
       activity: active since 2009
       appeal: decided since 2011-09
       electionEntry assembly 2013: refused (election Assembly 2013) since 2013-05
       ${SUPPORT}`,
    );
    const { names, holders } = await record.group('lantern');
    expect(names.map(({ text }) => text).sort()).toEqual(['Lantern Movement', 'New Dawn']);
    expect(holders.map(({ role, holder, value }) => `${role} ${holder.name ?? ''} ${value}`).sort()).toEqual([
      'president Anso Reyl held',
      'secretary Brisa Tam held',
    ]);

    const roles = { anso: 'president', brisa: 'secretary' } as const;
    for (const who of ['anso', 'brisa'] as const) {
      await record.says(who, '2017-11-15', `${roles[who]} of lantern: held since [..2013-06-30]`);
      await record.says(
        who,
        '2018-06',
        `civicRights: suspended (until 2022-11-16) since 2017-11-16
         ${roles[who]} of lantern: held since [..2013-06-30]`,
      );
    }
    await record.saysNow(
      'anso',
      'Civic rights restored in January 2019',
      `civicRights: restored since 2019-01
       president of lantern: held since [..2013-06-30]`,
    );
    // The five years are over, and nobody has told that they ended with them.
    await record.saysNow(
      'brisa',
      'Civic rights possibly suspended since 16 November 2017',
      `civicRights: suspended (until 2022-11-16) since 2017-11-16 ? suspended, stale
       secretary of lantern: held since [..2013-06-30]`,
    );
  },
);

tell(
  'a provisional, then full, registration',
  [
    source(
      'register',
      '2015-12',
      `The Harbour Union notified the registrar of its formation on 3 February 2015. The registrar acknowledged this on 20 February
and permitted the formation on 1 March. The union collected declarations, by June at least 1,500, and submitted them on
1 July. On 1 August the registrar missed a list of branches, to be handed in by September. From 10 September he
reviewed the papers. On 1 October 2015 the union was registered provisionally, until 1 October 2016.`,
    ),
    source(
      'gazette',
      '2016-10',
      'On 15 September 2016 the registration of the Harbour Union was made permanent, number 77.',
    ),
    source(
      'daily',
      '2018-06',
      'The Harbour Union was suspended on 10 January 2018, until 10 July; on 1 May the court lifted the suspension.',
    ),
    group('harbour', 'Harbour Union', 'union', 'register: The Harbour Union'),
    ...(
      [
        ['notified', 'notifications', '2015-02-03', 'register: notified the registrar'],
        ['acknowledged', 'acknowledgements', '2015-02-20', 'register: The registrar acknowledged this on 20 February'],
        ['permitted', 'permissions', '2015-03-01', 'register: permitted the formation on 1 March'],
        ['submitted', 'registration-submissions', '2015-07-01', 'register: submitted them on\n1 July'],
        ['reviewed', 'reviews', '2015-09-10', 'register: From 10 September he\nreviewed the papers'],
      ] as const
    ).map(([name, route, when, cited]) =>
      fact(name, `harbour/${route}`, when, cited, { authority: { name: 'Registrar' } }),
    ),
    fact('support', 'harbour/support', '2015-06', 'register: at least 1,500', {
      quantities: [{ value: 1500, qualifier: 'at-least' }],
      kind: 'declaration',
      as: 'claimed',
    }),
    fact('missing', 'harbour/deficiencies', '2015-08-01', 'register: the registrar missed a list of branches', {
      authority: { name: 'Registrar' },
      cureBy: '2015-09',
      items: ['a list of branches'],
    }),
    fact(
      'provisional',
      'harbour/registrations',
      '2015-10-01',
      'register: registered provisionally, until 1 October 2016',
      {
        authority: { name: 'Registrar' },
        level: 'provisional',
        until: '2016-10-01',
      },
    ),
    fact('full', 'harbour/registrations', '2016-09-15', 'gazette: was made permanent', {
      authority: { name: 'Registrar' },
      level: 'full',
      number: '77',
    }),
    fact('suspended', 'harbour/suspensions', '2018-01-10', 'daily: was suspended on 10 January 2018', {
      authority: { name: 'Registrar' },
      until: '2018-07-10',
    }),
    fact('lifted', 'harbour/suspension-liftings', '2018-05-01', 'daily: on 1 May the court lifted the suspension', {
      authority: { name: 'Court' },
    }),
  ],
  async (record) => {
    const SUPPORT = 'support: at-least 1500 declarations claimed';
    const stages: readonly (readonly [string, string])[] = [
      ['2015-02-10', 'notified since 2015-02-03'],
      ['2015-02-25', 'acknowledged since 2015-02-20'],
      ['2015-04', 'formation-permitted since 2015-03-01'],
      ['2015-06-30', 'collecting since 2015-06'],
      ['2015-07', 'submitted since 2015-07-01'],
      ['2015-08-31', 'deficient since 2015-08-01'],
      ['2015-09-30', 'under-review since 2015-09-10'],
      ['2016-09-14', 'provisionally-registered (until 2016-10-01) since 2015-10-01'],
      ['2016-12', 'registered since 2016-09-15'],
      ['2018-02', 'suspended (until 2018-07-10) since 2018-01-10'],
    ];
    for (const [on, registration] of stages)
      await record.says('harbour', on, `registration: ${registration}\n${SUPPORT}`);
    await record.saysNow(
      'harbour',
      'Registered on 1 May 2018; at least 1,500 declarations claimed',
      `registration: registered since 2018-05-01\n${SUPPORT}`,
    );
    if (record.order === 'in reverse') return;
    // Before the second registration was known, the first was certain until its last day, and after it only possible.
    const then = { knownAfter: 'provisional' };
    const known = 'registration: provisionally-registered (until 2016-10-01) since 2015-10-01';
    await record.says('harbour', { ...then, on: '2016-10-01' }, `${known}\n${SUPPORT}`);
    await record.says(
      'harbour',
      { ...then, on: '2016-10-02' },
      `${known} ? provisionally-registered, stale\n${SUPPORT}`,
    );
  },
);
