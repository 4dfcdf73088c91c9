//! smtpspec measured beside its peers: the same octets, the same question, the same run.
//!
//! | what | where |
//! |---|---|
//! | command lines, alone and as a mix | [`command`] |
//! | replies | [`reply`] |
//! | mailboxes | [`mailbox`] |
//! | message data, both ways | [`data`] |
//! | the model, the reference server and the judge, which have no peers | [`session`] |
//! | what each peer is asked, and by which of its functions | [`peers`] |
//! | what each of them accepts and refuses | [`agreement`] |
//!
//! `cargo bench` runs every contest with Criterion; `src/bin/ratios.rs` runs each by turns, which is what a
//! table can be made of on a machine that others use too. `compare` measures whole programs.

pub mod agreement;
pub mod command;
pub mod data;
pub mod mailbox;
pub mod peers;
pub mod reply;
pub mod session;

/// Ours and its peers at the same piece of work.
pub struct Contest {
    /// What is to be done.
    pub name: &'static str,
    /// How often it is done in one go.
    pub times: usize,
    /// How many octets are read in one go.
    pub octets: usize,
    /// Who does it; ours comes first.
    pub contenders: Vec<Contender>,
}

/// One who takes part.
pub struct Contender {
    /// Its name, with its version where it is not ours.
    pub who: &'static str,
    /// Does the work once, and gives a number that depends on it.
    pub work: Box<dyn Fn() -> usize>,
}

impl Contender {
    fn new(who: &'static str, work: impl Fn() -> usize + 'static) -> Self {
        Self { who, work: Box::new(work) }
    }
}

/// How we are called in the tables.
pub const OURS: &str = "smtpspec";

/// A library that says of some octets whether they are what was asked for.
pub type Reader = fn(&[u8]) -> bool;

/// A contest of libraries that read each of these inputs. Who refuses one of them, all of which the grammar has, does
/// not take part.
fn reading(
    name: &'static str,
    inputs: &'static [&'static [u8]],
    readers: &[(&'static str, Reader)],
) -> Contest {
    let takes_part = |(_, reader): &&(&str, Reader)| inputs.iter().all(|input| reader(input));
    let contender = |&(who, reader): &(&'static str, Reader)| {
        Contender::new(who, move || {
            inputs.iter().filter(|input| reader(std::hint::black_box(input))).count()
        })
    };
    let contenders: Vec<Contender> = readers.iter().filter(takes_part).map(contender).collect();
    assert!(contenders.first().is_some_and(|first| first.who == OURS), "{name}");
    Contest {
        name,
        times: inputs.len(),
        octets: inputs.iter().map(|input| input.len()).sum(),
        contenders,
    }
}

/// Every contest there is.
#[must_use]
pub fn contests() -> Vec<Contest> {
    [
        command::contests(),
        reply::contests(),
        mailbox::contests(),
        data::contests(),
        session::contests(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
