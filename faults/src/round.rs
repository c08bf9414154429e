//! One round: a service with an empty folder and a configuration of its own, some hundred requests in five states, and the verdict.
//!
//! The states follow each other and do not overlap, so that each request belongs to one: calm; something withdrawn; another
//! configuration, taken up while the service runs; the service killed in the middle and started again; the disk of the ledger full.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use trousseau_testing::authority::Authority;

use crate::card::Deck;
use crate::client::{Call, call};
use crate::ending::Ending;
use crate::entries::Entries;
use crate::histogram::Histogram;
use crate::ledger;
use crate::oracle::{Oracle, Out};
use crate::random::Random;
use crate::scene::{Scene, TARGETS, draw_out};
use crate::service::Service;
use crate::verdict::{Done, Evidence, State};
use crate::wanted::{Earlier, Source, Texts, Wanted};
use crate::world::{Disk, World, listeners};

/// What all rounds share.
pub(crate) struct Setting<'a> {
    pub(crate) program: &'a Path,
    pub(crate) seed: u64,
    pub(crate) oracle: Oracle,
    pub(crate) texts: Texts,
    /// How many requests are under way at a time.
    pub(crate) workers: usize,
}

/// What came of a round.
#[derive(Debug, Default)]
pub(crate) struct Came {
    pub(crate) faults: Vec<String>,
    pub(crate) histogram: Histogram,
    pub(crate) entries: usize,
    pub(crate) connections: usize,
    pub(crate) bytes: u64,
    pub(crate) look_ups: usize,
}

/// The share of each state in a round's requests, in percent; the rest is calm.
const WITHDRAWN: usize = 15;
const RELOADED: usize = 28;
const KILLED: usize = 15;
const FULL: usize = 12;

/// Sizes of the disks in memory, in kilobytes.
const DATA: usize = 256 << 10;
const LEDGER: usize = 16 << 10;

struct Round<'a> {
    setting: &'a Setting<'a>,
    /// The round's own seed, which its targets have too.
    seed: u64,
    service: Service,
    states: Vec<State>,
    done: Vec<Done>,
    earlier: Vec<Earlier>,
    asked: Vec<Wanted>,
    next: AtomicUsize,
}

/// Runs the round `number` in `folder`, with so many requests.
pub(crate) fn run(setting: &Setting<'_>, number: u64, folder: &Path, requests: usize) -> Result<Came> {
    let mut random = Random::of(setting.seed, &["round", &number.to_string()]);
    let seed = random.next();
    let mut deck = Deck::of(setting.seed, number);
    let authority = Authority::new();
    let certified = authority.client(&format!("*.{}", crate::names::DOMAIN));
    let sockets = listeners(TARGETS)?;
    let ports: Result<Vec<u16>> = sockets
        .iter()
        .map(|socket| Ok(socket.local_addr()?.port()))
        .collect();
    let scene = Scene::draw(&mut random, &mut deck, &ports?, number);
    let _data = Disk::mount(&folder.join("data"), DATA)?;
    let ledger_disk = Disk::mount(&folder.join("data/ledger"), LEDGER)?;
    let mut round = Round::begin(setting, (scene, seed), folder, &authority)?;
    let targets = round.states[0].scene.targets.clone();
    let world = World::start(folder, seed, &certified, &targets, &sockets)?;

    let part = |percent: usize| requests * percent / 100;
    let calm = requests - part(WITHDRAWN) - part(RELOADED) - part(KILLED) - part(FULL);
    round.ask(calm)?;
    round.withdrawn(&mut random, part(WITHDRAWN))?;
    round.reloaded((&mut random, &mut deck), &authority, part(RELOADED))?;
    round.killed(part(KILLED))?;
    round.full(&ledger_disk, part(FULL))?;

    // What has no outcome yet is closed when the ledger is opened next.
    round.service.stop()?;
    round.service.start()?;
    round.service.stop()?;
    let (seen, looked_up) = world.end(&targets)?;
    let log = round.service.data().join("ledger/default/main");
    let entries = ledger::read(&log).context("the ledger does not verify")?;
    let mut came = Came {
        entries: entries.len(),
        connections: seen.iter().map(|seen| seen.accepted).sum(),
        bytes: seen.iter().map(|seen| seen.bytes).sum(),
        look_ups: looked_up.len(),
        ..Came::default()
    };
    let evidence = Evidence {
        seed,
        oracle: &setting.oracle,
        states: &round.states,
        done: &round.done,
        seen: &seen,
        looked_up: &looked_up,
        ledger: &Entries::sort(entries)?,
    };
    came.faults = evidence.judge(&mut came.histogram);
    Ok(came)
}

impl<'a> Round<'a> {
    /// A service that runs, with its keys.
    fn begin(
        setting: &'a Setting<'a>,
        (mut scene, seed): (Scene, u64),
        folder: &Path,
        authority: &Authority,
    ) -> Result<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free));
        let mut service = Service::new(setting.program, folder, address);
        fs_err::write(service.config(), scene.written(&authority.file())?)?;
        service.start()?;
        for key in &mut scene.keys {
            let floor = key.floor.written();
            let mut words = vec!["keys", "create", "--name", &key.name, "--label-floor", &floor];
            words.extend(key.groups.iter().flat_map(|group| ["--group", group]));
            let made = service.tell(&words)?;
            key.secret = made["key"].as_str().context("no key was made")?.to_owned();
        }
        Ok(Self {
            setting,
            seed,
            service,
            states: vec![State {
                scene,
                killed: false,
                full: false,
            }],
            done: Vec::new(),
            earlier: Vec::new(),
            asked: Vec::new(),
            next: AtomicUsize::new(0),
        })
    }

    /// The state that requests are made in from now on, a copy of the one before at first.
    fn another(&mut self) -> &mut State {
        let last = self.states.len() - 1;
        let mut state = self.states[last].clone();
        (state.killed, state.full) = (false, false);
        self.states.push(state);
        &mut self.states[last + 1]
    }

    fn withdrawn(&mut self, random: &mut Random, requests: usize) -> Result<()> {
        let kind = self.states[0].scene.out[2];
        let (kind, name) = draw_out(kind, random).context("a round withdraws something")?;
        let made = self.service.tell(&["withdraw", kind, &name])?;
        self.another().scene.withdrawn = Out::of(kind, &name);
        self.ask(requests)?;
        let id = made["id"].as_str().context("a withdrawal without a name")?;
        self.service.tell(&["withdraw", "lift", id])?;
        Ok(())
    }

    fn reloaded(
        &mut self,
        (random, deck): (&mut Random, &mut Deck),
        authority: &Authority,
        requests: usize,
    ) -> Result<()> {
        let config = self.service.config();
        let scene = &mut self.another().scene;
        scene.withdrawn = Out::default();
        scene.change(random, deck);
        fs_err::write(config, scene.written(&authority.file())?)?;
        self.service.tell(&["reload"])?;
        self.ask(requests)
    }

    fn killed(&mut self, requests: usize) -> Result<()> {
        self.another().killed = true;
        let half = self.next.load(Ordering::SeqCst) + requests / 2;
        self.ask_while(requests, |next, service| {
            while next.load(Ordering::SeqCst) < half {
                std::thread::sleep(Duration::from_millis(2));
            }
            service.kill()?;
            service.start()
        })
    }

    fn full(&mut self, disk: &Disk, requests: usize) -> Result<()> {
        self.another().full = true;
        let mut left = requests;
        while left > 0 {
            // What was let go of meanwhile is taken again.
            disk.fill()?;
            let some = left.min(4);
            self.ask(some)?;
            left -= some;
        }
        disk.make_room()?;
        self.service.wait_until_ready()
    }

    fn ask(&mut self, requests: usize) -> Result<()> {
        self.ask_while(requests, |_, _| Ok(()))
    }

    /// Makes so many requests, several at a time, while something else happens.
    fn ask_while(
        &mut self,
        requests: usize,
        meanwhile: impl FnOnce(&AtomicUsize, &mut Service) -> Result<()>,
    ) -> Result<()> {
        let Self {
            setting,
            seed,
            service,
            states,
            earlier,
            asked,
            next,
            ..
        } = self;
        let place = states.len() - 1;
        let state = &states[place];
        let source = Source {
            scene: &state.scene,
            texts: &setting.texts,
            earlier,
            asked,
            all_tagged: state.killed || state.full,
        };
        let (address, end, seed) = (service.address, next.load(Ordering::SeqCst) + requests, *seed);
        let done: Mutex<Vec<Done>> = Mutex::default();
        // Few of those that are under way are worth breaking at a time.
        let workers = if state.killed { 6 } else { setting.workers };
        let work = || -> Result<()> {
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= end {
                    return Ok(());
                }
                let wanted = Wanted::draw(&mut Random::of(seed, &["request", &number.to_string()]), source);
                let ending = ask_one(address, &wanted, &state.scene)?;
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push(Done {
                    wanted,
                    state: place,
                    ending,
                });
            }
        };
        let came = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..workers.min(requests)).map(|_| scope.spawn(work)).collect();
            let meanwhile = meanwhile(next, service);
            let mut came = workers.into_iter().map(|worker| match worker.join() {
                Ok(came) => came,
                Err(_) => Err(anyhow::anyhow!("a client died")),
            });
            meanwhile.and(came.try_for_each(|came| came))
        });
        next.store(end, Ordering::SeqCst);
        came?;
        for done in done.into_inner().unwrap_or_else(PoisonError::into_inner) {
            self.remember(done);
        }
        Ok(())
    }

    /// Keeps what was asked and answered, for requests that come back to it.
    fn remember(&mut self, done: Done) {
        let Done { wanted, ending, .. } = &done;
        if let Ending::Clean { text, reason, .. } = ending {
            self.earlier.push(Earlier::of(wanted, text.clone(), *reason));
        }
        if !wanted.tagged && wanted.unreadable.is_none() {
            self.asked.push(wanted.clone());
        }
        self.done.push(done);
    }
}

/// Asks, again where nobody listens: the service is being started.
fn ask_one(address: SocketAddr, wanted: &Wanted, scene: &Scene) -> Result<Ending> {
    let headers = wanted.headers(scene);
    for _ in 0..1500 {
        let asked = Call {
            method: "POST",
            path: wanted.path(),
            headers: &headers,
            body: &wanted.body,
            hangs_up: wanted.hangs_up,
        };
        match call(address, asked)? {
            Some(_) if wanted.hangs_up.is_some() => return Ok(Ending::HungUp),
            Some(reply) => return Ok(Ending::of(wanted.form, wanted.streams, &reply)),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    anyhow::bail!("the service does not listen")
}
