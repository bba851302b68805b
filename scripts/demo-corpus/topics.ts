/**
 * How the fields of a section are grouped into topics: what is asked together is cited together. A field that no topic
 * names joins the last topic of its section, so nothing is lost when the source grows a field.
 */
export interface Topic {
  /** Second half of a passage's title: "Burkina Faso: Population and cities". */
  readonly name: string;
  readonly fields: readonly string[];
}

export const TOPICS: Readonly<Record<string, readonly Topic[]>> = {
  Introduction: [{ name: "Background", fields: ["Preliminary statement", "Background"] }],
  Geography: [
    {
      name: "Location, area and coastline",
      fields: [
        "Location",
        "Geographic coordinates",
        "Geographic overview",
        "Area",
        "Area - comparative",
        "Land boundaries",
        "Coastline",
        "Maritime claims",
      ],
    },
    {
      name: "Climate, terrain and elevation",
      fields: ["Climate", "Terrain", "Elevation extremes", "Geography - note", "Natural hazards"],
    },
    {
      name: "Natural resources, land use and environment",
      fields: [
        "Natural resources",
        "Land use",
        "Irrigated land",
        "Total renewable water resources",
        "Environment - current issues",
      ],
    },
  ],
  "People and Society": [
    {
      name: "Population and cities",
      fields: [
        "Population",
        "Population growth rate",
        "Urbanization",
        "Major urban areas - population",
        "Median age",
        "Age structure",
      ],
    },
    {
      name: "Births, deaths and life expectancy",
      fields: [
        "Life expectancy at birth",
        "Birth rate",
        "Death rate",
        "Infant mortality rate",
        "Total fertility rate",
        "Mother's mean age at first birth",
        "Contraceptive prevalence rate",
        "Net migration rate",
      ],
    },
    {
      name: "Languages, religions and ethnic groups",
      fields: ["Nationality", "Languages", "Religions", "Ethnic groups", "People - note"],
    },
    { name: "Demographic profile", fields: ["Demographic profile"] },
    {
      name: "Education and literacy",
      fields: [
        "Literacy",
        "Education expenditures",
        "School life expectancy (primary to tertiary education)",
        "Child labor - children ages 5-14",
        "Unemployment, youth ages 15-24",
      ],
    },
    {
      name: "Health",
      fields: [
        "Health expenditures",
        "Physicians density",
        "Hospital bed density",
        "HIV/AIDS - adult prevalence rate",
        "HIV/AIDS - people living with HIV/AIDS",
        "HIV/AIDS - deaths",
        "Obesity - adult prevalence rate",
        "Children under the age of 5 years underweight",
        "Major infectious diseases",
        "Drinking water source",
        "Sanitation facility access",
      ],
    },
  ],
  Government: [
    {
      name: "Capital, government type and administrative divisions",
      fields: [
        "Union name",
        "Political structure",
        "Capital",
        "Government type",
        "Country name",
        "Independence",
        "National holiday",
        "Dependency status",
        "Dependent areas",
        "Member states",
        "Administrative divisions",
        "Government - note",
      ],
    },
    {
      name: "Constitution, law and citizenship",
      fields: ["Constitution", "Legal system", "Citizenship", "Suffrage"],
    },
    { name: "Executive branch", fields: ["Executive branch"] },
    { name: "Legislative branch", fields: ["Legislative branch"] },
    { name: "Judicial branch", fields: ["Judicial branch"] },
    {
      name: "Political parties",
      fields: ["Political parties and leaders"],
    },
    {
      name: "Flag, national symbols and anthem",
      fields: ["Flag description", "National symbol(s)", "National anthem"],
    },
  ],
  Economy: [
    {
      name: "Economic overview",
      fields: ["Economy - overview", "Economy of the area administered by Turkish Cypriots"],
    },
    {
      name: "Gross domestic product",
      fields: [
        "GDP (purchasing power parity)",
        "GDP (official exchange rate)",
        "GDP - real growth rate",
        "GDP - per capita (PPP)",
        "GDP - composition, by sector of origin",
        "GDP - composition, by end use",
        "Gross national saving",
      ],
    },
    {
      name: "Agriculture, industry and labor",
      fields: [
        "Agriculture - products",
        "Industries",
        "Industrial production growth rate",
        "Labor force",
        "Labor force - by occupation",
        "Unemployment rate",
        "Population below poverty line",
        "Distribution of family income - Gini index",
      ],
    },
    {
      name: "Trade, currency and exchange rates",
      fields: [
        "Exchange rates",
        "Exports",
        "Exports - commodities",
        "Exports - partners",
        "Imports",
        "Imports - commodities",
        "Imports - partners",
        "Current account balance",
        "Reserves of foreign exchange and gold",
        "Debt - external",
      ],
    },
    {
      name: "Budget, inflation and finance",
      fields: [
        "Budget",
        "Taxes and other revenues",
        "Budget surplus (+) or deficit (-)",
        "Public debt",
        "Fiscal year",
        "Inflation rate (consumer prices)",
      ],
    },
  ],
  Energy: [
    {
      name: "Electricity",
      fields: [
        "Electricity - production",
        "Electricity - consumption",
        "Electricity - exports",
        "Electricity - imports",
        "Electricity - from fossil fuels",
        "Electricity - from nuclear fuels",
        "Electricity - from hydroelectric plants",
        "Electricity - from other renewable sources",
      ],
    },
    { name: "Oil, natural gas and emissions", fields: [] },
  ],
  Communications: [
    {
      name: "Telephones and Internet",
      fields: [
        "Internet users",
        "Internet country code",
        "Telephones - fixed lines",
        "Telephones - mobile cellular",
        "Telephone system",
      ],
    },
    { name: "Broadcast media", fields: ["Broadcast media", "Communications - note"] },
  ],
  Transportation: [
    {
      name: "Airports, railways and roads",
      fields: [
        "Airports",
        "Airports - with paved runways",
        "Airports - with unpaved runways",
        "Heliports",
        "Railways",
        "Roadways",
      ],
    },
    { name: "Ports, shipping and pipelines", fields: [] },
  ],
  Military: [
    {
      name: "Armed forces",
      fields: ["Military branches", "Military expenditures", "Military service age and obligation"],
    },
  ],
  "Transnational Issues": [
    {
      name: "International disputes and refugees",
      fields: ["Disputes - international", "Refugees and internally displaced persons"],
    },
    { name: "Illicit drugs", fields: ["Illicit drugs"] },
    { name: "Trafficking in persons", fields: ["Trafficking in persons"] },
  ],
};

/**
 * Fields and parts that are left out: those that say nothing without their picture, and those of bankers, diplomats and
 * recruiting officers. The demo is to be uploaded in seconds; a third of the source's text answers nobody's question.
 */
export const LEFT_OUT: ReadonlySet<string> = new Set([
  "Map references",
  "Area comparison map",
  "population pyramid",
  "Freshwater withdrawal (domestic/industrial/agricultural)",
  "Environment - international agreements",
  "Sex ratio",
  "Dependency ratios",
  "International law organization participation",
  "International organization participation",
  "Diplomatic representation in the US",
  "Diplomatic representation from the US",
  "Political pressure groups and leaders",
  "Household income or consumption by percentage share",
  "Central bank discount rate",
  "Commercial bank prime lending rate",
  "Stock of narrow money",
  "Stock of broad money",
  "Stock of domestic credit",
  "Market value of publicly traded shares",
  "Stock of direct foreign investment - at home",
  "Stock of direct foreign investment - abroad",
  "Electricity - installed generating capacity",
  "Radio broadcast stations",
  "Television broadcast stations",
  "Manpower available for military service",
  "Manpower fit for military service",
  "Manpower reaching militarily significant age annually",
  "unimproved", // what is left of the improved share
  "Refined petroleum products - exports",
  "Refined petroleum products - imports",
  // Lengths of runways
  "over 3,047 m",
  "2,438 to 3,047 m",
  "1,524 to 2,437 m",
  "914 to 1,523 m",
  "under 914 m",
]);
