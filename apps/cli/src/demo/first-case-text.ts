/**
 * The text that the first case cites.
 *
 * It is a paraphrase in words of our own of what a press article of early 2019 reported. It holds no sentence of that
 * article. The people in it are real; what it says of them was reported and has not been verified by this project.
 * One sentence can be read in two ways on purpose, as the article's could: who was given eighteen months.
 */
export const firstCaseText = `The Khmer National Liberation Front (KNLF), which describes itself as the government in exile of Cambodia, intends to become a registered political party. It took that decision early last year. Next week it will hand its documents and thumbprints to the Ministry of Interior, and it means to be registered as a party later in the month.

The front is led by Sam Serey, its president. Its government in exile is reported to have 56 members. Members of the front have gathered more than 5,000 thumbprints from people in various provinces of Cambodia and in Thailand; in another place the figure is given as about 5,000.

Thuy Vy, the spokesman of the front, said on Tuesday that it complies with the Constitution, that all Cambodians have the right to take part in politics, and that he hopes the ministry will put the interest of the nation first.

Phay Siphan, the spokesman of the Council of Ministers, last month welcomed the step and called registering as a party the right thing to do. Khieu Sopheak, who speaks for the Ministry of Interior, said last month that the ministry would not oppose it provided that the front met what the Law on Political Parties asks for. This time he could not be reached.

Vy was arrested in Phnom Penh in May 2017, when he had tried to arrange a press conference that was to call for the release of political prisoners and for a pardon of Serey. He was later given a sentence of 18 months for incitement. Vy was let out on 20 November last year. After that he was appointed spokesman of the front, and he said in public that he would register the group as a party.

Serey was sentenced in his absence in 2014 to nine years for allegedly plotting to overthrow the government, and he has been called a "terrorist mastermind". Denmark had granted him political asylum in 2011. Last month he announced that he would halt his activities and return to Cambodia if conditions are met, among them pardons that release all KNLF members held in the prisons of the country.
`;
