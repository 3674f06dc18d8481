use super::*;
use sotto_client_core::io::{Change, Row};
use std::io::Write as _;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn change(key: &str, value: Option<&str>) -> Change {
    Change { key: key.into(), value: value.map(|text| text.as_bytes().to_vec()) }
}

fn row(key: &str, value: &str) -> Row {
    Row { key: key.into(), value: value.into() }
}

/// A folder with a home that has been used and closed.
async fn used() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open_or_create(dir.path()).await.unwrap();
    let (mut store, _, _lock) = home.into_parts();
    store.put(vec![change("account", Some("sealed")), change("log/1", Some("sealed too"))]).await.unwrap();
    store.close().await.unwrap();
    dir
}

/// Neither way of opening gets past the damage, and nothing is changed by trying.
async fn refused(dir: &Path, expected: fn(&HomeError) -> bool) {
    let before = contents(dir);
    for opened in [Home::open(dir).await, Home::open_or_create(dir).await] {
        let error = opened.expect_err("a damaged home was opened");
        assert!(expected(&error), "{error:?}");
        assert!(error.to_string().ends_with('.'), "{error}");
    }
    assert!(contents(dir) == before, "looking changed something");
}

fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // Made by looking at a database in WAL mode; they hold nothing.
        .filter(|path| !["db-wal", "db-shm"].iter().any(|end| path.extension().is_some_and(|is| is == *end)))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_home_keeps_what_it_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/home");
    assert!(matches!(Home::open(&path).await, Err(HomeError::Absent(_))));
    assert!(!path.exists(), "looking made something");

    let home = Home::open_or_create(&path).await.unwrap();
    assert_eq!(home.too_open(), Vec::<PathBuf>::new());
    let (mut store, key, lock) = home.into_parts();
    store
        .put(vec![change("b", Some("2")), change("a", Some("1")), change("log/9", Some("9"))])
        .await
        .unwrap();
    store
        .put(vec![change("b", None), change("a", Some("1!")), change("m", Some("")), change("none", None)])
        .await
        .unwrap();
    store.close().await.unwrap();
    drop(lock.unwrap());

    let mut home = Home::open(&path).await.unwrap();
    home.check().await.unwrap();
    let (mut store, same_key, _lock) = home.into_parts();
    assert_eq!(key.expose(), same_key.expose());
    assert_eq!(store.eager().await.unwrap(), [row("a", "1!"), row("m", "")]);
    assert_eq!(store.range(b"log/", b"log0").await.unwrap(), [row("log/9", "9")]);
    assert_eq!(store.range(b"a", b"m").await.unwrap(), [row("a", "1!"), row("log/9", "9")]);
}

#[tokio::test]
async fn others_on_the_computer_see_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("home");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let home = Home::open_or_create(&path).await.unwrap();
    assert_eq!(mode(&path), 0o700, "an empty folder becomes the home's own");
    for entry in fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    fs::set_permissions(path.join(KEY), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(home.too_open(), [path.join(KEY)]);
}

#[tokio::test]
async fn a_folder_with_other_things_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(dir.path().join("letter.txt"), "dear friend").unwrap();
    let home = Home::open_or_create(dir.path()).await.unwrap();
    assert_eq!(mode(dir.path()), 0o755);
    assert_eq!(home.too_open(), [dir.path()]);
    assert_eq!(fs::read(dir.path().join("letter.txt")).unwrap(), b"dear friend");
}

#[tokio::test(start_paused = true)]
async fn one_process_at_a_time() {
    let dir = used().await;
    let held = Home::open(dir.path()).await.unwrap();
    let release = async {
        tokio::task::yield_now().await;
        drop(held);
    };
    let (waited, ()) = tokio::join!(Home::open(dir.path()), release);
    let held = waited.unwrap();
    let other = lock(dir.path());
    tokio::pin!(other);
    assert!(matches!(other.await, Err(HomeError::InUse)));
    drop(held);
    assert!(Home::open(dir.path()).await.is_ok());
}

#[tokio::test]
async fn a_lost_storage_key_is_reported() {
    let dir = used().await;
    fs::remove_file(dir.path().join(KEY)).unwrap();
    refused(dir.path(), |e| matches!(e, HomeError::KeyMissing)).await;
}

#[tokio::test]
async fn a_damaged_storage_key_is_reported() {
    let dir = used().await;
    let path = dir.path().join(KEY);
    let good = fs::read(&path).unwrap();
    for bad in [Vec::new(), good[..20].to_vec(), good.iter().map(|byte| byte ^ 1).collect()] {
        fs::write(&path, bad).unwrap();
        refused(dir.path(), |e| matches!(e, HomeError::KeyDamaged)).await;
    }
}

#[tokio::test]
async fn a_lost_database_is_reported() {
    let dir = used().await;
    fs::remove_file(dir.path().join(DATABASE)).unwrap();
    refused(dir.path(), |e| matches!(e, HomeError::DatabaseMissing)).await;
}

#[tokio::test]
async fn an_emptied_database_is_reported() {
    let dir = used().await;
    fs::write(dir.path().join(DATABASE), b"").unwrap();
    refused(dir.path(), |e| matches!(e, HomeError::DatabaseDamaged(_))).await;
}

#[tokio::test]
async fn a_truncated_database_is_reported() {
    let dir = used().await;
    let path = dir.path().join(DATABASE);
    let whole = fs::read(&path).unwrap();
    for len in [1, 99, 4096, 8192, whole.len() - 8192, whole.len() - 1] {
        fs::write(&path, &whole[..len]).unwrap();
        refused(dir.path(), |e| matches!(e, HomeError::DatabaseDamaged(_))).await;
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_reported() {
    let dir = used().await;
    for bad in [vec![0; 16384], b"a letter to a friend\n".repeat(500)] {
        fs::write(dir.path().join(DATABASE), bad).unwrap();
        refused(dir.path(), |e| matches!(e, HomeError::DatabaseDamaged(_))).await;
    }
}

#[tokio::test]
async fn a_changed_page_is_found_by_the_check() {
    let dir = used().await;
    let path = dir.path().join(DATABASE);
    let mut bytes = fs::read(&path).unwrap();
    // The first page holds the schema; the others hold the rows.
    for byte in &mut bytes[8192..8192 + 16] {
        *byte ^= 0x5a;
    }
    fs::write(&path, bytes).unwrap();
    let found = match Home::open(dir.path()).await {
        Ok(mut home) => home.check().await,
        Err(error) => Err(error),
    };
    assert!(matches!(found, Err(HomeError::DatabaseDamaged(_))), "{found:?}");
}

#[tokio::test]
async fn a_newer_home_is_reported() {
    use sqlx::Connection as _;
    let dir = used().await;
    let url = format!("sqlite://{}", dir.path().join(DATABASE).display());
    let mut db = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("UPDATE meta SET format = 2").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    refused(dir.path(), |e| matches!(e, HomeError::Newer)).await;
}

#[tokio::test]
async fn a_database_of_something_else_is_reported() {
    use sqlx::Connection as _;
    let dir = used().await;
    let path = dir.path().join(DATABASE);
    fs::remove_file(&path).unwrap();
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let mut db = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut db).await.unwrap();
    sqlx::query("CREATE TABLE recipes (name TEXT)").execute(&mut db).await.unwrap();
    db.close().await.unwrap();
    refused(dir.path(), |e| matches!(e, HomeError::DatabaseDamaged(_))).await;
}

#[tokio::test]
async fn a_making_that_was_cut_short_is_begun_anew() {
    for with_database in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        File::create(dir.path().join(KEY_UNFINISHED)).unwrap().write_all(b"half").unwrap();
        if with_database {
            File::create(dir.path().join(DATABASE)).unwrap();
        }
        assert!(matches!(Home::open(dir.path()).await, Err(HomeError::Absent(_))));
        let home = Home::open_or_create(dir.path()).await.unwrap();
        drop(home);
        assert!(Home::open(dir.path()).await.is_ok());
    }
}

#[tokio::test]
async fn rows_in_memory_answer_like_rows_on_disk() {
    let dir = used().await;
    let (mut disk, _, _lock) = Home::open(dir.path()).await.unwrap().into_parts();
    let (mut memory, _, _) = Home::in_memory().unwrap().into_parts();
    let first =
        || ["log", "log/", "log/1", "log0", "a", "z", "account"].map(|key| change(key, Some(key))).to_vec();
    let second = || vec![change("a", None), change("z", Some("")), change("none", None)];
    for rows in [&mut disk, &mut memory] {
        rows.put(first()).await.unwrap();
        rows.put(second()).await.unwrap();
    }
    assert_eq!(disk.eager().await.unwrap(), memory.eager().await.unwrap());
    for (from, to) in [("log/", "log0"), ("a", "z"), ("", "~"), ("z", "a"), ("log/1", "log/1")] {
        let both = (
            disk.range(from.as_bytes(), to.as_bytes()).await,
            memory.range(from.as_bytes(), to.as_bytes()).await,
        );
        assert_eq!(both.0.unwrap(), both.1.unwrap(), "{from} to {to}");
    }
}

#[tokio::test]
async fn a_batch_of_any_size_arrives() {
    let dir = used().await;
    let (mut store, _, _lock) = Home::open(dir.path()).await.unwrap().into_parts();
    for size in [0, 1, 7, 8, 9, 63, 64, 65, 2 * 64 + 3 * 8 + 5] {
        let names: Vec<String> = (0..size).map(|n| format!("{size:03}/{n:03}")).collect();
        let changes: Vec<Change> = names.iter().map(|name| change(name, Some(name))).collect();
        store.put(changes).await.unwrap();
        let (from, to) = (format!("{size:03}/"), format!("{size:03}0"));
        let expected: Vec<Row> = names.iter().map(|name| row(name, name)).collect();
        assert!(store.range(from.as_bytes(), to.as_bytes()).await.unwrap() == expected, "{size} rows");
        let gone: Vec<Change> = names.iter().map(|name| change(name, None)).collect();
        store.put(gone).await.unwrap();
        assert!(store.range(from.as_bytes(), to.as_bytes()).await.unwrap().is_empty(), "{size} rows");
    }
}

#[tokio::test]
async fn a_batch_is_stored_whole_or_not_at_all() {
    use futures_util::FutureExt as _;
    let dir = used().await;
    let (mut store, _, _lock) = Home::open(dir.path()).await.unwrap().into_parts();
    let before = store.eager().await.unwrap();
    // Dropped after the first step, as if the process had been ended there.
    let changes: Vec<Change> = (0..500).map(|n| change(&format!("row{n}"), Some("x"))).collect();
    let done = store.put(changes).now_or_never();
    let rows = store.eager().await.unwrap().len();
    assert_eq!(rows, before.len() + if done.is_some() { 500 } else { 0 });
}
