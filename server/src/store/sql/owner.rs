//! What the practice's owner is shown.

use super::accounts::role_of;
use super::{SqlStore, damaged};
use crate::db::{DbError, Row, query};
use crate::store::glance::{Cell, Holds, SHAPES, Shape, TableRows};
use sotto_protocol::frame::Person;
use sotto_protocol::ids::{Handle, Millis, PracticeId};

impl SqlStore {
    pub(super) async fn read_people(
        &self,
        practice: PracticeId,
        limit: usize,
    ) -> Result<Vec<Person>, DbError> {
        let mut reader = self.db.read().await?;
        let sql = "SELECT id, handle, role, created_at FROM accounts WHERE practice_id = $1
            ORDER BY created_at DESC, id LIMIT $2";
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let rows = query(sql).bind(practice).bind(limit).fetch_all(&mut reader).await?;
        let person = |row: &Row| {
            let handle = Handle::parse(&row.get::<String>(1)?).map_err(|_| damaged("a handle"))?;
            let role = role_of(&row.get::<String>(2)?)?;
            Ok(Person { account: row.get(0)?, handle, role, since: row.get(3)? })
        };
        rows.iter().map(person).collect()
    }

    pub(super) async fn read_glance(
        &self,
        practice: PracticeId,
        limit: usize,
    ) -> Result<Vec<TableRows>, DbError> {
        let mut reader = self.db.snapshot().await?;
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let mut tables = Vec::with_capacity(SHAPES.len());
        for shape in SHAPES {
            let count = query(shape.count).bind(practice).fetch_one(&mut reader).await?.get::<u64>(0)?;
            let rows = query(shape.newest).bind(practice).bind(limit).fetch_all(&mut reader).await?;
            let rows = rows.iter().map(|row| cells(row, shape)).collect::<Result<_, _>>()?;
            tables.push(TableRows { shape, count, rows });
        }
        Ok(tables)
    }
}

fn cells(row: &Row, shape: &Shape) -> Result<Vec<Cell>, DbError> {
    let cell = |(at, (_, holds)): (usize, &(&str, Holds))| {
        Ok(match holds {
            Holds::Bytes => row.get::<Option<Vec<u8>>>(at)?.map(Cell::Bytes),
            Holds::Number => row.get::<Option<u64>>(at)?.map(Cell::Number),
            Holds::Time => row.get::<Option<Millis>>(at)?.map(Cell::Time),
            Holds::Text => row.get::<Option<String>>(at)?.map(Cell::Text),
            Holds::Address => row.get::<Option<String>>(at)?.map(Cell::Address),
        }
        .unwrap_or(Cell::Null))
    };
    shape.columns.iter().enumerate().map(cell).collect()
}
