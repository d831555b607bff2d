/** Stories of persons before courts. What the record must say follows from the rules of the status, not from the program. */
import { act, fact, legalCase, person, source, tell } from './test-support/story.js';

const BOTH = [{ offence: 'incitement' }, { offence: 'insult' }];
const INCITEMENT = [{ offence: 'incitement' }];
const DECISION = '7a7a7a7a-0000-4000-8000-000000000001';

tell(
  'bail and rearrest, co-defendants, and an appeal that is upheld in part',
  [
    source(
      'herald',
      '2016-12-20',
      `Kalo Venn and Mira Tesk were arrested in Oru on 14 March 2016. Three days later both were charged, Venn with incitement
and insult, Tesk with incitement. On 18 March a judge ordered their detention. Bail was granted on 2 May, and on 4 May
both walked out. Venn missed a hearing: his bail was revoked on 10 September, and he was arrested again two days later.
The trial of both opened on 1 November. On 15 December the court acquitted Tesk and sentenced Venn to three years. `,
    ),
    source(
      'record',
      '2018-09-20',
      `Venn appealed on 28 December 2016. On 20 June 2017 the court of appeal acquitted him of insult and reduced his sentence
to two years. That became final on 1 August 2017. He left prison on 12 September 2018, his sentence served.`,
    ),
    person('kalo', 'Kalo Venn', 'herald: Kalo Venn'),
    person('mira', 'Mira Tesk', 'herald: Mira Tesk'),
    legalCase('file', 'Venn and Tesk', 'herald: Kalo Venn and Mira Tesk'),
    ...['kalo', 'mira'].flatMap((who) => [
      fact(`${who}-arrest`, `${who}/arrests`, '2016-03-14', 'herald: were arrested in Oru on 14 March 2016', {
        case: '{file}',
      }),
      fact(`${who}-charge`, `${who}/charges`, '2016-03-17', 'herald: both were charged', {
        case: '{file}',
        counts: who === 'kalo' ? BOTH : INCITEMENT,
      }),
      fact(`${who}-detention`, `${who}/pretrial-detentions`, '2016-03-18', 'herald: a judge ordered their detention', {
        case: '{file}',
      }),
      fact(`${who}-bail`, `${who}/bail`, '2016-05-02', 'herald: Bail was granted on 2 May', { case: '{file}' }),
      fact(`${who}-out`, `${who}/releases`, '2016-05-04', 'herald: both walked out', {
        case: '{file}',
        reason: 'bail',
      }),
      fact(`${who}-trial`, `${who}/trials`, '2016-11-01', 'herald: The trial of both opened on 1 November', {
        case: '{file}',
        presence: 'present',
      }),
    ]),
    fact('revoked', 'kalo/bail-revocations', '2016-09-10', 'herald: his bail was revoked on 10 September', {
      case: '{file}',
    }),
    fact('rearrest', 'kalo/arrests', '2016-09-12', 'herald: he was arrested again two days later', { case: '{file}' }),
    fact('acquittal', 'mira/acquittals', '2016-12-15', 'herald: the court acquitted Tesk', {
      case: '{file}',
      presence: 'present',
      decisionId: DECISION,
    }),
    fact('sentence', 'kalo/sentences', '2016-12-15', 'herald: sentenced Venn to three years', {
      case: '{file}',
      presence: 'present',
      counts: BOTH,
      penalty: 'custodial',
      term: 'P3Y',
      decisionId: DECISION,
    }),
    fact('appeal', 'kalo/appeals', '2016-12-28', 'record: Venn appealed on 28 December 2016', {
      case: '{file}',
      by: 'defence',
      kind: 'appeal',
    }),
    fact(
      'decision',
      'kalo/appeal-decisions',
      '2017-06-20',
      'record: acquitted him of insult and reduced his sentence',
      {
        case: '{file}',
        kind: 'appeal',
        outcome: 'varied',
        term: 'P2Y',
        acquittedOf: [{ offence: 'insult' }],
      },
    ),
    fact('final', 'kalo/final-judgments', '2017-08-01', 'record: That became final on 1 August 2017', {
      case: '{file}',
    }),
    fact('release', 'kalo/releases', '2018-09-12', 'record: his sentence served', { case: '{file}', reason: 'served' }),
  ],
  async (record) => {
    await record.says('kalo', '2016-03-13', '');
    await record.says(
      'kalo',
      '2016-03-14',
      `liberty: police-custody since 2016-03-14
       file.hold: police-custody since 2016-03-14`,
    );
    await record.says(
      'kalo',
      '2016-05-03',
      `liberty: pretrial-detention since 2016-03-18
       file.hold: pretrial-detention since 2016-03-18
       file.stage: charged since 2016-03-17`,
    );
    await record.says(
      'kalo',
      '2016-09-09',
      `liberty: conditional-release since 2016-05-04
       file.hold: conditional-release since 2016-05-04
       file.stage: charged since 2016-03-17`,
    );
    await record.says(
      'kalo',
      '2016-09-11',
      `liberty: wanted since 2016-09-10
       file.hold: wanted since 2016-09-10
       file.stage: charged since 2016-03-17`,
    );
    await record.says(
      'kalo',
      '2017-01-10',
      `liberty: imprisoned since 2016-12-15
       file.hold: imprisoned since 2016-12-15
       file.stage: decided since 2016-12-15
       file.verdict: convicted (presence present) since 2016-12-15
       file.finality: under-appeal since 2016-12-28
       file.sentence: imposed (penalty custodial, term P3Y) since 2016-12-15`,
    );
    // Over a span: what holds on every day is certain, what holds on some day is possible.
    const autumn = await record.person('kalo', { on: '2016-09-01/2016-09-30' });
    expect(autumn.axes.liberty).toMatchObject({
      certain: false,
      possible: ['conditional-release', 'police-custody', 'wanted'],
      groups: { deprived: { certain: false, possible: true } },
    });
    await record.saysNow(
      'kalo',
      'Free since 12 September 2018; partly convicted on 20 June 2017, 2 years, served',
      `liberty: free since 2018-09-12
       file.hold: none since 2018-09-12
       file.stage: decided since 2016-12-15
       file.verdict: mixed since 2017-06-20
       file.finality: final since 2017-08-01
       file.sentence: served (penalty custodial, term P2Y) since 2018-09-12`,
    );
    await record.saysNow(
      'mira',
      'Free since 15 December 2016; acquitted on 15 December 2016',
      `liberty: free since 2016-12-15
       file.hold: none since 2016-12-15
       file.stage: decided since 2016-12-15
       file.verdict: acquitted (presence present) since 2016-12-15
       file.finality: appealable since 2016-12-15`,
    );
    const { persons } = await record.case('file', { on: '2017-01-10' });
    const verdicts = persons.map(({ person: who, verdict, liberty }) => [who.name, verdict.value, liberty.value]);
    expect(verdicts.sort()).toEqual([
      ['Kalo Venn', 'convicted', 'imprisoned'],
      ['Mira Tesk', 'acquitted', 'free'],
    ]);
  },
);

tell(
  'a sentence in absentia, return, opposition, pardon',
  [
    source(
      'courier',
      '2020-01-10',
      `Dorin Falke left for Sweden in June 2013. He was sentenced in his absence to seven years for treason on 20 February 2014.
On 10 April 2019 he flew home and was arrested at the airport. His lawyers filed an opposition on 12 April; on 30 April
the court admitted it. The new trial opened on 3 June, and on 15 July it ended with four years. He was pardoned on New
Year's Day 2020 and left prison on 3 January.`,
    ),
    person('dorin', 'Dorin Falke', 'courier: Dorin Falke'),
    fact('left', 'dorin/departures', '2013-06', 'courier: left for Sweden in June 2013', { to: 'SE' }),
    fact('absent', 'dorin/sentences', '2014-02-20', 'courier: sentenced in his absence to seven years', {
      presence: 'in-absentia',
      counts: [{ offence: 'treason' }],
      penalty: 'custodial',
      term: 'P7Y',
    }),
    fact('back', 'dorin/returns', '2019-04-10', 'courier: On 10 April 2019 he flew home'),
    fact('arrest', 'dorin/arrests', '2019-04-10', 'courier: was arrested at the airport', { after: ['{back}'] }),
    fact('opposition', 'dorin/appeals', '2019-04-12', 'courier: filed an opposition on 12 April', {
      by: 'defence',
      kind: 'opposition',
    }),
    fact('admitted', 'dorin/appeal-decisions', '2019-04-30', 'courier: the court admitted it', {
      kind: 'opposition',
      outcome: 'admitted',
    }),
    fact('trial', 'dorin/trials', '2019-06-03', 'courier: The new trial opened on 3 June', { presence: 'present' }),
    fact('present', 'dorin/sentences', '2019-07-15', 'courier: it ended with four years', {
      presence: 'present',
      counts: [{ offence: 'treason' }],
      penalty: 'custodial',
      term: 'P4Y',
    }),
    fact('pardon', 'dorin/pardons', '2020-01-01', "courier: pardoned on New\nYear's Day 2020", { kind: 'full' }),
    fact('out', 'dorin/releases', '2020-01-03', 'courier: left prison on 3 January', { reason: 'pardon' }),
  ],
  async (record) => {
    await record.says(
      'dorin',
      '2014-03',
      `liberty: sentence-not-enforced since 2014-02-20
       location: abroad since 2013-06
       stage: decided since 2014-02-20
       verdict: convicted (presence in-absentia) since 2014-02-20, later quashed
       finality: appealable since 2014-02-20
       sentence: unserved (penalty custodial, term P7Y) since 2014-02-20, later quashed`,
    );
    await record.says(
      'dorin',
      '2019-04-13',
      `liberty: police-custody since 2019-04-10
       location: in-country since 2019-04-10
       hold: police-custody since 2019-04-10
       stage: decided since 2014-02-20
       verdict: convicted (presence in-absentia) since 2014-02-20, later quashed
       finality: under-appeal since 2019-04-12
       sentence: unserved (penalty custodial, term P7Y) since 2014-02-20, later quashed`,
    );
    await record.says(
      'dorin',
      '2019-05-15',
      `liberty: police-custody since 2019-04-10
       location: in-country since 2019-04-10
       hold: police-custody since 2019-04-10
       stage: on-trial since 2019-04-30
       verdict: set-aside since 2019-04-30
       finality: appealable since 2019-04-30
       sentence: annulled (penalty custodial, term P7Y) since 2019-04-30`,
    );
    // Pardoned, and still in prison until released.
    await record.says(
      'dorin',
      '2020-01-02',
      `liberty: imprisoned since 2019-07-15
       location: in-country since 2019-04-10
       hold: imprisoned since 2019-07-15
       stage: decided since 2019-07-15
       verdict: convicted (presence present) since 2019-07-15
       finality: appealable since 2019-04-30
       sentence: pardoned (penalty custodial, term P4Y) since 2020-01-01`,
    );
    await record.saysNow(
      'dorin',
      'Free since 3 January 2020; convicted on 15 July 2019, 4 years, pardoned',
      `liberty: free since 2020-01-03
       location: in-country since 2019-04-10
       hold: none since 2020-01-03
       stage: decided since 2019-07-15
       verdict: convicted (presence present) since 2019-07-15
       finality: appealable since 2019-04-30
       sentence: pardoned (penalty custodial, term P4Y) since 2020-01-01`,
    );
  },
);

tell(
  'two cases at once, released in one and held in the other',
  [
    source(
      'gazette',
      '2021-02-01',
      `Sela Marr was arrested on 5 February 2020 over a quarrel about land, and detained from 8 February. On 1 March she was
charged with leading a rally, and from 2 March detained over that too. In the land case she was freed on bail on 10 May,
but she stayed in prison over the rally. A delegate saw her there on 15 June. Her release in the rally case was ordered on
1 August, and on 2 August she went home. On 20 January 2021 she was acquitted in the land case.`,
    ),
    person('sela', 'Sela Marr', 'gazette: Sela Marr'),
    legalCase('land', 'The land case', 'gazette: a quarrel about land'),
    legalCase('rally', 'The rally case', 'gazette: leading a rally'),
    fact('arrest', 'sela/arrests', '2020-02-05', 'gazette: was arrested on 5 February 2020', { case: '{land}' }),
    fact('detained', 'sela/pretrial-detentions', '2020-02-08', 'gazette: detained from 8 February', { case: '{land}' }),
    fact('charge', 'sela/charges', '2020-03-01', 'gazette: charged with leading a rally', {
      case: '{rally}',
      counts: [{ offence: 'leading a rally' }],
    }),
    fact('too', 'sela/pretrial-detentions', '2020-03-02', 'gazette: from 2 March detained over that too', {
      case: '{rally}',
    }),
    fact('bail', 'sela/releases', '2020-05-10', 'gazette: she was freed on bail on 10 May', {
      case: '{land}',
      reason: 'bail',
    }),
    fact('seen', 'sela/custody-reports', '2020-06-15', 'gazette: A delegate saw her there on 15 June', {
      aspect: 'observed',
    }),
    fact('ordered', 'sela/release-orders', '2020-08-01', 'gazette: Her release in the rally case was ordered', {
      case: '{rally}',
    }),
    fact('home', 'sela/releases', '2020-08-02', 'gazette: on 2 August she went home', { reason: 'unknown' }),
    fact('acquittal', 'sela/acquittals', '2021-01-20', 'gazette: she was acquitted in the land case', {
      case: '{land}',
      presence: 'present',
    }),
  ],
  async (record) => {
    await record.says(
      'sela',
      '2020-04',
      `liberty: pretrial-detention since 2020-02-08
       land.hold: pretrial-detention since 2020-02-08
       rally.hold: pretrial-detention since 2020-03-02
       rally.stage: charged since 2020-03-01`,
    );
    await record.says(
      'sela',
      '2020-05-20',
      `liberty: pretrial-detention since 2020-02-08
       land.hold: conditional-release since 2020-05-10
       rally.hold: pretrial-detention since 2020-03-02
       rally.stage: charged since 2020-03-01`,
    );
    // The report of no case speaks for liberty alone: she was seen inside, and nobody has told that she left.
    await record.says(
      'sela',
      '2020-08-01',
      `liberty: detained-unspecified since 2020-08-01
       whereabouts: known since [..2020-06-15]
       land.hold: conditional-release since 2020-05-10
       rally.hold: none since 2020-08-01
       rally.stage: charged since 2020-03-01`,
    );
    await record.says(
      'sela',
      '2020-12',
      `liberty: conditional-release since 2020-08-02
       whereabouts: known since [..2020-06-15]
       land.hold: conditional-release since 2020-05-10
       rally.hold: none since 2020-08-01
       rally.stage: charged since 2020-03-01`,
    );
    await record.saysNow(
      'sela',
      'Free since 20 January 2021; acquitted on 20 January 2021; charged on 1 March 2020',
      `liberty: free since 2021-01-20
       whereabouts: known since [..2020-06-15]
       land.hold: none since 2021-01-20
       land.stage: decided since 2021-01-20
       land.verdict: acquitted (presence present) since 2021-01-20
       land.finality: appealable since 2021-01-20
       rally.hold: none since 2020-08-01
       rally.stage: charged since 2020-03-01`,
    );
  },
);

tell(
  'a conviction quashed years later',
  [
    source(
      'mail',
      '2010-01',
      `Ilva Norr, arrested in October 2001, was sentenced to ten years for espionage in March 2002 and moved to the prison
of Hask in April. She was freed on humanitarian grounds on 24 December 2009.`,
    ),
    source('review', '2017-05-20', 'On 11 May 2017 the supreme court quashed the conviction of Ilva Norr.'),
    person('ilva', 'Ilva Norr', 'mail: Ilva Norr'),
    fact('arrest', 'ilva/arrests', '2001-10', 'mail: arrested in October 2001'),
    fact('sentence', 'ilva/sentences', '2002-03', 'mail: sentenced to ten years for espionage in March 2002', {
      presence: 'present',
      counts: [{ offence: 'espionage' }],
      penalty: 'custodial',
      term: 'P10Y',
    }),
    fact('prison', 'ilva/imprisonments', '2002-04', 'mail: moved to the prison\nof Hask in April'),
    fact('freed', 'ilva/releases', '2009-12-24', 'mail: freed on humanitarian grounds', { reason: 'humanitarian' }),
    fact('quashed', 'ilva/appeal-decisions', '2017-05-11', 'review: the supreme court quashed the conviction', {
      kind: 'review',
      outcome: 'quashed',
    }),
  ],
  async (record) => {
    const in2005 = (later: string): string =>
      `liberty: imprisoned since 2002-03
       hold: imprisoned since 2002-03
       stage: decided since 2002-03
       verdict: convicted (presence present) since 2002-03${later}
       finality: appealable since 2002-03
       sentence: serving (penalty custodial, term P10Y) since 2002-04${later}`;
    await record.says('ilva', '2005', in2005(', later quashed'));
    if (record.order === 'as told') await record.says('ilva', { on: '2005', knownAfter: 'freed' }, in2005(''));
    // In March the sentence may have come on any day: before it she was in custody, after it in prison.
    await record.says(
      'ilva',
      '2002-03-10',
      `liberty: imprisoned since 2002-03 ? imprisoned|police-custody, deprived
       hold: imprisoned since 2002-03 ? imprisoned|police-custody
       stage: decided since 2002-03 ? decided
       verdict: convicted (presence present) since 2002-03 ? convicted, later quashed
       finality: appealable since 2002-03 ? appealable
       sentence: imposed (penalty custodial, term P10Y) since 2002-03 ? imposed, later quashed`,
    );
    await record.says(
      'ilva',
      '2010-06-01',
      `liberty: free since 2009-12-24
       hold: none since 2009-12-24
       stage: decided since 2002-03
       verdict: convicted (presence present) since 2002-03, later quashed
       finality: appealable since 2002-03
       sentence: serving (penalty custodial, term P10Y) since 2002-04, later quashed`,
    );
    await record.saysNow(
      'ilva',
      'Free since 24 December 2009; conviction quashed on 11 May 2017',
      `liberty: free since 2009-12-24
       hold: none since 2009-12-24
       stage: decided since 2002-03
       verdict: quashed since 2017-05-11
       finality: appealable since 2002-03
       sentence: annulled (penalty custodial, term P10Y) since 2017-05-11`,
    );
  },
);

tell(
  'facts recorded on the wrong person, and moved',
  [
    source(
      'times',
      '2018-12-01',
      `The driver Tarn Oskel was arrested in Pell on 3 July 2018 and sentenced to one year for theft in November. The teacher
Tarn Oskel, of the same town, says that he is often taken for him.`,
    ),
    person('teacher', 'Tarn Oskel', 'times: The teacher\nTarn Oskel'),
    person('driver', 'Tarn Oskel', 'times: The driver Tarn Oskel'),
    legalCase('file', 'The Pell theft', 'times: theft'),
    fact('arrest', 'teacher/arrests', '2018-07-03', 'times: arrested in Pell on 3 July 2018', { case: '{file}' }),
    fact('sentence', 'teacher/sentences', '2018-11', 'times: sentenced to one year for theft', {
      case: '{file}',
      after: ['{arrest}'],
      presence: 'present',
      counts: [{ offence: 'theft' }],
      penalty: 'custodial',
      term: 'P1Y',
    }),
    act('moved-arrest', 'teacher/moves', {
      fact: '{arrest}',
      to: { person: '{driver}' },
      reason: 'The driver is meant.',
    }),
    act('moved-sentence', 'teacher/moves', {
      fact: '{sentence}',
      to: { person: '{driver}' },
      reason: 'The driver is meant.',
    }),
  ],
  async (record) => {
    const inDecember = `liberty: imprisoned since 2018-11
       file.hold: imprisoned since 2018-11
       file.stage: decided since 2018-11
       file.verdict: convicted (presence present) since 2018-11
       file.finality: appealable since 2018-11
       file.sentence: imposed (penalty custodial, term P1Y) since 2018-11`;
    await record.says('driver', '2018-12-15', inDecember);
    await record.says('teacher', '2018-12-15', '');
    await record.saysNow('teacher', 'Nothing is recorded about their status', '');
    await record.timeline('teacher', ['arrest 2018-07-03 moved', 'sentence 2018-11 moved']);
    const { timeline } = await record.person('driver');
    expect(timeline.map(({ data }) => data.movedFrom)).toEqual(
      ['arrest', 'sentence'].map((name) => ({ person: record.id('teacher'), fact: record.id(name) })),
    );
    await record.says(
      'driver',
      '2018-08-01',
      `liberty: police-custody since 2018-07-03
       file.hold: police-custody since 2018-07-03`,
    );
    // The year was over long ago, and nobody has told of a release: possible still, but not certain.
    const { liberty } = (await record.person('driver')).axes;
    expect(liberty).toMatchObject({ value: 'imprisoned', certain: false, possible: ['imprisoned'], reason: 'stale' });
    const { persons } = await record.case('file');
    expect(persons.map(({ person: who }) => who.id)).toEqual([record.id('driver')]);
    if (record.order === 'in reverse') return;
    await record.history('teacher', [
      'arrest: hold unknown -> police-custody (new), liberty unknown -> police-custody (new)',
      `sentence: ${[
        'finality unknown -> appealable (new)',
        'hold police-custody -> imprisoned (new)',
        'liberty police-custody -> imprisoned (new)',
        'sentence unknown -> imposed (new)',
        'stage unknown -> decided (new)',
        'verdict unknown -> convicted (new)',
      ].join(', ')}`,
      'moved-arrest: hold imprisoned -> unknown (retraction), liberty imprisoned -> unknown (retraction)',
      `moved-sentence: ${[
        'finality appealable -> unknown (retraction)',
        'sentence imposed -> unknown (retraction)',
        'stage decided -> unknown (retraction)',
        'verdict convicted -> unknown (retraction)',
      ].join(', ')}`,
    ]);
    await record.says('teacher', { on: '2018-12-15', knownAfter: 'sentence' }, inDecember);
    await record.says('driver', { on: '2018-12-15', knownAfter: 'sentence' }, '');
    await record.says(
      'teacher',
      { on: '2018-12-15', knownAfter: 'moved-arrest' },
      inDecember
        .split('\n')
        .filter((line) => !/liberty|hold/.test(line))
        .join('\n'),
    );
  },
);
