//! The cases.

use std::collections::BTreeSet;
use std::fmt::Debug;

use ops_client::conformance::{Fault, Outcome, cases, check, same, told};

use super::{Scene, Stage, TablePlay};
use crate::{
    Answer, CardId, Cell, DatabaseId, Effect, ErrorKind, FieldId, Filter, MetabaseReadExt, Metadata, Parameter, Query,
    Table,
};

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "who asks is told" => who;
    "databases are listed" => databases;
    "tables and fields have ids of their own" => ids;
    "an unknown database is not found" => unknown_database;
    "an unknown question is not found" => unknown_question;
    "a limit is kept, and said" => limit;
    "only the fields that are asked for are answered" => fields;
    "a query that would mean all is refused" => contradictions;
    #[needs(Prepare)] "every table and field arrives" => every_field;
    #[needs(Prepare)] "a table is found as people say it" => spoken;
    #[needs(Prepare)] "a name that fits twice is refused" => ambiguous;
    #[needs(Prepare)] "every row arrives, each kind of cell" => every_row;
    #[needs(Prepare)] "a table without rows has none" => no_rows;
    #[needs(Prepare)] "each filter selects its rows" => filters;
    #[needs(Prepare)] "filters hold together" => filters_together;
    #[needs(Prepare)] "rows are ordered as asked" => ordered;
    #[needs(Prepare)] "a large table is cut, and says so" => cut;
    #[needs(Prepare)] "a query that fails is Rejected" => failed;
    #[needs(Prepare)] "a saved question takes its parameter" => question;
    #[needs(Prepare)] "a saved question refuses what it does not know" => wrong_parameter;
    #[needs(Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Fault)] "a session that has ended is Unauthenticated" => expired;
    #[needs(Fault)] "a page of HTML is no answer" => html;
}

const NOBODY: i64 = 1_000_000;

async fn probe(scene: Scene<'_>) -> Outcome {
    scene.stage.metabase().probe().await.map(drop).map_err(told)
}

async fn who(scene: Scene<'_>) -> Outcome {
    let me = scene.stage.metabase().me().await.map_err(told)?;
    check(!me.email.is_empty(), "who asks has an address")
}

async fn databases(scene: Scene<'_>) -> Outcome {
    let all = scene.stage.metabase().databases().await.map_err(told)?;
    check(all.iter().any(|database| database.id == scene.start.database), "the database is among them")?;
    let ids: BTreeSet<_> = all.iter().map(|database| database.id).collect();
    same("ids of databases", &all.len(), &ids.len())
}

async fn ids(scene: Scene<'_>) -> Outcome {
    let metadata = metadata(scene).await?;
    check(!metadata.tables.is_empty(), "there is a table")?;
    check(metadata.tables.iter().all(|table| table.database == scene.start.database), "each is of this database")?;
    let tables: BTreeSet<_> = metadata.tables.iter().map(|table| table.id).collect();
    same("ids of tables", &metadata.tables.len(), &tables.len())?;
    let fields: Vec<FieldId> = metadata.tables.iter().flat_map(|table| &table.fields).map(|field| field.id).collect();
    same("ids of fields", &fields.len(), &fields.iter().collect::<BTreeSet<_>>().len())
}

async fn unknown_database(scene: Scene<'_>) -> Outcome {
    refused(ErrorKind::NotFound, scene.stage.metabase().metadata(DatabaseId::new(NOBODY)).await)
}

async fn unknown_question(scene: Scene<'_>) -> Outcome {
    refused(ErrorKind::NotFound, scene.stage.metabase().question(CardId::new(NOBODY), &[]).await)
}

async fn limit(scene: Scene<'_>) -> Outcome {
    let table = some_table(scene).await?;
    let one = ask(scene, &Query::of(&table).limit(1)).await?;
    same("rows", &1, &one.rows.len())?;
    check(one.may_be_cut, "there may be more than the limit lets through")
}

async fn fields(scene: Scene<'_>) -> Outcome {
    let table = some_table(scene).await?;
    let last = table.fields.last().ok_or("the table has no fields")?;
    let answer = ask(scene, &Query::of(&table).fields([last.id]).limit(3)).await?;
    let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
    same("columns", &vec![last.name.as_str()], &names)?;
    check(answer.rows.iter().all(|row| row.len() == 1), "each row has one cell")
}

async fn contradictions(scene: Scene<'_>) -> Outcome {
    let table = some_table(scene).await?;
    let field = table.fields.first().ok_or("the table has no fields")?.id;
    for wrong in [
        Query::of(&table).limit(0),
        Query::of(&table).filter(Filter::one_of::<&str>(field, [])),
        Query::of(&table).filter(Filter::contains(field, "")),
    ] {
        refused(ErrorKind::Invalid, scene.stage.metabase().query(&wrong).await)?;
    }
    let nothing = Parameter::field_filter::<&str>("x", []);
    refused(ErrorKind::Invalid, scene.stage.metabase().question(CardId::new(NOBODY), &[nothing]).await)
}

async fn every_field(scene: Scene<'_>) -> Outcome {
    for database in scene.stage.metabase().databases().await.map_err(told)? {
        let plays: Vec<&TablePlay> =
            scene.scenario.tables.iter().filter(|play| play.database == database.name).collect();
        let metadata = scene.stage.metabase().metadata(database.id).await.map_err(told)?;
        same("the database", &database, &metadata.database)?;
        same("number of tables", &plays.len(), &metadata.tables.len())?;
        for play in plays {
            let table = metadata.table(Some(&play.schema), &play.name).map_err(told)?;
            let facts = |name: &str, shown: &str, base: &str| (name.to_owned(), shown.to_owned(), base.to_owned());
            let wanted: Vec<_> =
                play.columns.iter().map(|column| facts(&column.name, &column.shown, &column.base_type)).collect();
            let found: Vec<_> =
                table.fields.iter().map(|field| facts(&field.name, &field.display_name, &field.base_type)).collect();
            same(&play.name, &wanted, &found)?;
        }
    }
    Ok(())
}

async fn spoken(scene: Scene<'_>) -> Outcome {
    let play = first(scene)?;
    let exact = table(scene, play).await?;
    let loud = |text: &str| text.to_uppercase();
    for place in [
        format!("{} - {} - {}", play.database, play.schema, play.name),
        format!("{} - {} - {}", loud(&play.database), loud(&play.schema), exact.display_name),
    ] {
        same(&place, &exact, &scene.stage.metabase().find_spoken(&place).await.map_err(told)?)?;
    }
    for column in &play.columns {
        same(&column.name, exact.field(&column.name).map_err(told)?, exact.field(&column.shown).map_err(told)?)?;
    }
    refused(ErrorKind::NotFound, scene.stage.metabase().find_table(&play.database, &play.schema, "nothing").await)
}

async fn ambiguous(scene: Scene<'_>) -> Outcome {
    let name = &first(scene)?.name;
    let metadata = metadata(scene).await?;
    let error = metadata.table(None, name).err().ok_or("a name of two tables was taken for one of them")?;
    same("its kind", &ErrorKind::Invalid, &error.kind())?;
    let message = error.to_string();
    let schemas = scene.scenario.tables.iter().filter(|play| play.name == *name).map(|play| &play.schema);
    let listed = schemas.into_iter().all(|schema| message.contains(&format!("{schema}.{name}")));
    check(listed, "each candidate is listed")
}

async fn every_row(scene: Scene<'_>) -> Outcome {
    for play in scene.scenario.tables.iter().filter(|play| play.rows.len() < Query::MOST_ROWS) {
        let answer = ask(scene, &Query::of(&table(scene, play).await?)).await?;
        let names: Vec<&str> = play.columns.iter().map(|column| column.name.as_str()).collect();
        let found: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
        same("columns", &names, &found)?;
        check(!answer.may_be_cut, "these are all rows")?;
        same(&play.name, &sorted(play.rows.clone()), &sorted(answer.rows))?;
    }
    Ok(())
}

async fn no_rows(scene: Scene<'_>) -> Outcome {
    let empty = scene.scenario.tables.iter().find(|play| play.rows.is_empty());
    let empty = empty.ok_or("the scenario has no table without rows")?;
    let answer = ask(scene, &Query::of(&table(scene, empty).await?)).await?;
    same("rows", &0, &answer.rows.len())?;
    same("columns", &empty.columns.len(), &answer.columns.len())?;
    check(!answer.may_be_cut, "there are no more")
}

async fn filters(scene: Scene<'_>) -> Outcome {
    let play = first(scene)?;
    let table = table(scene, play).await?;
    for at in 0..play.columns.len() {
        let field = table.field(&play.columns[at].name).map_err(told)?.id;
        for row in &play.rows {
            match &row[at] {
                Cell::Text(text) => {
                    let part: String = text.chars().skip(1).take(4).collect();
                    let has = |cell: &Cell| cell.as_text().is_some_and(|text| text.contains(&part));
                    let one = [text.as_str(), "nobody"];
                    selects(scene, &table, Filter::is(field, text.as_str()), play, at, |cell| *cell == row[at]).await?;
                    selects(scene, &table, Filter::one_of(field, one), play, at, |cell| *cell == row[at]).await?;
                    selects(scene, &table, Filter::contains(field, &part), play, at, has).await?;
                    let not = |cell: &Cell| !cell.is_null() && *cell != row[at];
                    selects(scene, &table, Filter::is_not(field, text.as_str()), play, at, not).await?;
                }
                cell => {
                    let Some(number) = cell.as_integer() else { continue };
                    let is = |cell: &Cell| cell.as_integer() == Some(number);
                    selects(scene, &table, Filter::is(field, number), play, at, is).await?;
                    selects(scene, &table, Filter::one_of(field, [number, NOBODY]), play, at, is).await?;
                }
            }
        }
    }
    Ok(())
}

async fn selects(
    scene: Scene<'_>,
    table: &Table,
    filter: Filter,
    play: &TablePlay,
    at: usize,
    fits: impl Fn(&Cell) -> bool,
) -> Outcome {
    let what = format!("{filter:?}");
    let wanted = play.rows.iter().filter(|row| fits(&row[at])).cloned().collect();
    let found = ask(scene, &Query::of(table).filter(filter)).await?.rows;
    same(&what, &sorted(wanted), &sorted(found))
}

async fn filters_together(scene: Scene<'_>) -> Outcome {
    let play = first(scene)?;
    let table = table(scene, play).await?;
    let (row, ids) = (play.rows.last().ok_or("the table has no rows")?, [1, 3]);
    let (mut query, mut texts) = (Query::of(&table), 0);
    for (column, cell) in play.columns.iter().zip(row) {
        if let Cell::Text(text) = cell {
            query = query.filter(Filter::is(table.field(&column.name).map_err(told)?.id, text.as_str()));
            texts += 1;
        }
    }
    check(texts > 1, "the row has several texts")?;
    same("the one row that fits in all", &vec![row.clone()], &ask(scene, &query).await?.rows)?;
    // No row of another one is among them.
    let first = table.field(&play.columns[0].name).map_err(told)?.id;
    let none = ask(scene, &query.filter(Filter::one_of(first, ids))).await?;
    same("rows that fit in all but one", &0, &none.rows.len())
}

async fn ordered(scene: Scene<'_>) -> Outcome {
    let play = first(scene)?;
    let table = table(scene, play).await?;
    let at = |name: &str| play.columns.iter().position(|column| column.name == name).ok_or("no such column");
    let field = |name: &str| table.field(name).map(|field| field.id).map_err(told);
    let (name, id) = ("table_name", "id");
    let (name_at, id_at) = (at(name)?, at(id)?);
    let key = |row: &Vec<Cell>| (row[name_at].to_string(), row[id_at].as_integer());
    let mut wanted = play.rows.clone();
    wanted.sort_by_key(|row| (key(row).0, std::cmp::Reverse(key(row).1)));
    let query = Query::of(&table).ascending(field(name)?).descending(field(id)?);
    same("rows by name, the newest first", &wanted, &ask(scene, &query).await?.rows)?;
    let mut newest = play.rows.clone();
    newest.sort_by_key(|row| std::cmp::Reverse(key(row).1));
    newest.truncate(2);
    let query = Query::of(&table).descending(field(id)?).limit(2);
    same("the newest two", &newest, &ask(scene, &query).await?.rows)
}

async fn cut(scene: Scene<'_>) -> Outcome {
    let large = scene.scenario.tables.iter().find(|play| play.rows.len() > Query::MOST_ROWS);
    let table = table(scene, large.ok_or("the scenario has no large table")?).await?;
    let number = table.fields.first().ok_or("the table has no fields")?.id;
    for query in [Query::of(&table), Query::of(&table).limit(2100)] {
        let answer = ask(scene, &query.descending(number)).await?;
        same("rows", &Query::MOST_ROWS, &answer.rows.len())?;
        check(answer.may_be_cut, "it says that there may be more")?;
    }
    let some = ask(scene, &Query::of(&table).filter(Filter::one_of(number, [7, 2500]))).await?;
    same("rows", &2, &some.rows.len())?;
    check(!some.may_be_cut, "these are all rows")
}

async fn failed(scene: Scene<'_>) -> Outcome {
    let mut tables = scene.scenario.tables.iter();
    let (Some(one), Some(other)) = (tables.next(), tables.next()) else {
        return Err("the scenario has no two tables".to_owned());
    };
    let (one, other) = (table(scene, one).await?, table(scene, other).await?);
    let stray = other.fields.first().ok_or("the table has no fields")?.id;
    // A field of another table makes SQL that the database refuses.
    let query = Query::of(&one).filter(Filter::is(stray, 1));
    match scene.stage.metabase().query(&query).await {
        Err(error) if error.kind() == ErrorKind::Rejected && error.effect() == Effect::None => {
            check(error.words().is_some_and(|words| !words.is_empty()), "it says why")
        }
        Err(error) => Err(format!("wanted Rejected, found {error}")),
        Ok(answer) => Err(format!("wanted Rejected, found {} rows", answer.rows.len())),
    }
}

async fn question(scene: Scene<'_>) -> Outcome {
    let (card, asked) = (card(scene)?, &scene.scenario.question);
    let of_it = |play: &&TablePlay| {
        (&play.database, &play.schema, &play.name) == (&asked.database, &asked.schema, &asked.table)
    };
    let play = scene.scenario.tables.iter().find(of_it).ok_or("the question's table is not in the scenario")?;
    let at = play.columns.iter().position(|column| column.name == asked.column);
    let at = at.ok_or("the question's column is not in its table")?;
    let mut values: Vec<&str> = play.rows.iter().filter_map(|row| row[at].as_text()).collect();
    values.push("nobody");
    for value in values {
        let answer = scene.stage.metabase().question(card, &[Parameter::new(&asked.tag, value)]).await;
        let answer = answer.map_err(told)?;
        let names: Vec<&str> = answer.columns.iter().map(|column| column.name.as_str()).collect();
        same("columns", &play.columns.iter().map(|column| column.name.as_str()).collect(), &names)?;
        let wanted = play.rows.iter().filter(|row| row[at].as_text() == Some(value)).cloned().collect();
        same(value, &sorted(wanted), &sorted(answer.rows))?;
    }
    Ok(())
}

/// How the real one refuses differs between releases; that it does is what counts.
async fn wrong_parameter(scene: Scene<'_>) -> Outcome {
    let card = card(scene)?;
    let wrong = Parameter::new("nobody_has_this_name", "x");
    for parameters in [&[][..], std::slice::from_ref(&wrong)] {
        match scene.stage.metabase().question(card, parameters).await {
            Err(error) => same("its effect", &Effect::None, &error.effect())?,
            Ok(answer) => return Err(format!("it should have failed, and found {} rows", answer.rows.len())),
        }
    }
    Ok(())
}

async fn unavailable(scene: Scene<'_>) -> Outcome {
    let table = some_table(scene).await?;
    scene.stage.fault(Fault::Unavailable).await.map_err(told)?;
    refused(ErrorKind::Unavailable, scene.stage.metabase().probe().await)?;
    failing(scene, &table, ErrorKind::Unavailable).await
}

/// The probe needs no login.
async fn expired(scene: Scene<'_>) -> Outcome {
    let table = some_table(scene).await?;
    scene.stage.fault(Fault::ExpiredToken).await.map_err(told)?;
    scene.stage.metabase().probe().await.map_err(told)?;
    failing(scene, &table, ErrorKind::Unauthenticated).await
}

async fn html(scene: Scene<'_>) -> Outcome {
    let table = some_table(scene).await?;
    scene.stage.fault(Fault::Html).await.map_err(told)?;
    refused(ErrorKind::Decode, scene.stage.metabase().probe().await)?;
    failing(scene, &table, ErrorKind::Decode).await
}

/// Every operation that needs a login tells of the fault.
async fn failing(scene: Scene<'_>, table: &Table, kind: ErrorKind) -> Outcome {
    let metabase = scene.stage.metabase();
    refused(kind, metabase.me().await)?;
    refused(kind, metabase.databases().await)?;
    refused(kind, metabase.metadata(scene.start.database).await)?;
    refused(kind, metabase.query(&Query::of(table)).await)?;
    refused(kind, metabase.question(CardId::new(1), &[]).await)
}

async fn ask(scene: Scene<'_>, query: &Query) -> Outcome<Answer> {
    scene.stage.metabase().query(query).await.map_err(told)
}

async fn metadata(scene: Scene<'_>) -> Outcome<Metadata> {
    scene.stage.metabase().metadata(scene.start.database).await.map_err(told)
}

/// A table with rows.
async fn some_table(scene: Scene<'_>) -> Outcome<Table> {
    for table in metadata(scene).await?.tables {
        if !table.fields.is_empty() && !ask(scene, &Query::of(&table).limit(1)).await?.rows.is_empty() {
            return Ok(table);
        }
    }
    Err("no table of the database has rows".to_owned())
}

async fn table(scene: Scene<'_>, play: &TablePlay) -> Outcome<Table> {
    scene.stage.metabase().find_table(&play.database, &play.schema, &play.name).await.map_err(told)
}

fn first<'a>(scene: Scene<'a>) -> Outcome<&'a TablePlay> {
    scene.scenario.tables.first().ok_or_else(|| "the scenario has no table".to_owned())
}

fn card(scene: Scene<'_>) -> Outcome<CardId> {
    scene.start.question.ok_or_else(|| "the stage told no question".to_owned())
}

/// The order of rows is nobody's promise. How a number is written is neither: `0` may come as `0.0`.
fn sorted(rows: Vec<Vec<Cell>>) -> Vec<Vec<String>> {
    let one = |cell: Cell| match cell {
        Cell::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()),
        cell => format!("{cell:?}"),
    };
    let mut rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.into_iter().map(one).collect()).collect();
    rows.sort_unstable();
    rows
}

/// Reading never has an effect, failed or not.
fn refused<T: Debug>(kind: ErrorKind, result: crate::Result<T>) -> Outcome {
    match result {
        Err(error) if error.kind() == kind && error.effect() == Effect::None => Ok(()),
        Err(error) => Err(format!("wanted {kind} without effect, found {:?} with {error}", error.effect())),
        Ok(value) => Err(format!("wanted {kind}, found {value:?}")),
    }
}
